def model(dbt, session):
    """Fits every analysis of every study and reading; fct_effect_estimates types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation import tables
    from csc_outcomes.evaluation.samples import Evidence

    studies = dbt.ref("int_study_settings").df()
    unlinked = dbt.ref("py_caliper_weights").project("study_id").distinct().df()
    evidence = Evidence(
        sample_cases=dbt.ref("int_analysed_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("int_analysed_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        unlinked=frozenset(unlinked.study_id),
        clocks=dbt.ref("int_case_clocks").df(),
        links=dbt.ref("fct_matched_links").df(),
        scores=dbt.ref("fct_propensity_scores").df(),
        subgroup_cases=dbt.ref("int_subgroup_cases").df(),
        base_ids=studies.set_index("study_id")["base_study_id"].to_dict(),
    )
    return tables.effect_estimates(evidence, dbt.ref("int_study_analyses").df())
