def model(dbt, session):
    """How much hidden bias each result withstands; fct_hidden_bias_bounds types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.hidden_bias_tables import hidden_bias
    from csc_outcomes.evaluation.samples import Evidence

    unlinked = dbt.ref("py_caliper_weights").project("study_id").distinct().df()
    evidence = Evidence(
        sample_cases=dbt.ref("fct_matched_cases").df(),
        study_cases=dbt.ref("fct_study_cases").df(),
        case_outcomes=dbt.ref("fct_case_outcomes").df(),
        covariate_values=dbt.ref("fct_study_covariates").df(),
        covariates=dbt.ref("study_covariates").df(),
        unlinked=frozenset(unlinked.study_id),
    )
    outcomes = dbt.ref("study_outcomes").df()
    outcomes = outcomes[outcomes["role"] == "outcome"]
    links = dbt.ref("fct_matched_links").df()
    asked = dbt.ref("int_study_analyses").filter("reading = 'main'").df()
    studies = dbt.ref("int_study_settings").filter("reading = 'main'").df()
    return hidden_bias(evidence, outcomes, links, asked, studies)
