def model(dbt, session):
    """Survival curves that Cox models imply; fct_cox_curves types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.cox_tables import cox_curves
    from csc_outcomes.evaluation.samples import Evidence

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        clocks=dbt.ref("int_case_clocks").df(),
        subgroup_cases=dbt.ref("int_subgroup_cases").df(),
    )
    return cox_curves(evidence, dbt.ref("int_study_analyses").filter("reading = 'main'").df())
