def model(dbt, session):
    """What effects that must be nil look like; fct_negative_controls types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.calibration_tables import negative_controls

    return negative_controls(
        dbt.ref("fct_effect_estimates").df(),
        dbt.ref("study_outcomes").df(),
        dbt.ref("def_study_parameters").df(),
    )
