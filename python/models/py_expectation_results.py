def model(dbt, session):
    """Every expectation of every suite, per authority. The gate reads these through
    fct_expectation_results."""
    dbt.config(materialized="table", access="private", group="warehouse")
    # dbt reads the order of building from literal references only
    dbt.ref("std_cin_cases")
    dbt.ref("std_children")
    dbt.ref("std_referrals")
    dbt.ref("std_referral_records")
    dbt.ref("std_escalations")
    dbt.ref("std_programme_enrolments")
    dbt.ref("std_risk_codings")
    dbt.ref("std_staff_survey_answers")
    dbt.ref("std_financial_lines")
    dbt.ref("std_allocations")
    dbt.ref("std_sdq_answers")
    dbt.ref("std_school_absences")
    dbt.ref("std_staff_stress_scores")
    dbt.ref("std_workload_counts")
    dbt.ref("std_interviews")
    dbt.ref("std_cin_episodes")
    dbt.ref("std_cin_plans")
    dbt.ref("std_cp_plans")
    dbt.ref("std_care_periods")

    from csc_outcomes.expectations.runner import read_suites, run_suites
    from csc_outcomes.project import project_dir

    return run_suites(session, read_suites(project_dir() / "expectations"))
