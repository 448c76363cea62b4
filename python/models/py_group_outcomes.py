def model(dbt, session):
    """What became of each arm; fct_group_outcomes types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation import tables
    from csc_outcomes.evaluation.samples import Evidence

    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
    )
    asked = dbt.ref("int_study_analyses").filter("reading = 'main'").df()
    parameters = dbt.ref("def_study_parameters").df()
    return tables.group_outcomes(evidence, dbt.ref("study_outcomes").df(), asked, parameters)
