def model(dbt, session):
    """How alike the arms are; fct_covariate_balance types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.balance_tables import balance
    from csc_outcomes.evaluation.samples import Evidence

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
    )
    studies = dbt.ref("int_study_settings").df().set_index("study_id")
    asked = dbt.ref("int_study_analyses").filter("reading = 'main'").df()
    by_lot = set(studies.index[studies.arm_source == "allocation"])
    return balance(evidence, studies.balance_test.to_dict(), asked, by_lot)
