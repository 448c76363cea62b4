def model(dbt, session):
    """Effects less what the controls show; fct_calibrated_estimates types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.calibration_tables import calibrated_estimates

    return calibrated_estimates(
        dbt.ref("fct_effect_estimates").df(),
        dbt.ref("study_outcomes").df(),
        dbt.ref("fct_negative_controls").df(),
    )
