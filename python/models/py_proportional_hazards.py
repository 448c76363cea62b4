def model(dbt, session):
    """Tests of what Cox models assume; fct_proportional_hazards types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.cox_tables import proportional_hazards
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
    analyses = dbt.ref("int_study_analyses").filter("reading = 'main'").df()
    return proportional_hazards(evidence, analyses)
