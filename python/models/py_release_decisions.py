def model(dbt, session):
    """Which counts may be released; the tables of reporting join these decisions."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.disclosure.cells import controlled
    from csc_outcomes.disclosure.profiles import profile_from

    return controlled(
        dbt.ref("int_release_cells").df(),
        dbt.ref("int_release_relations").df(),
        profile_from(dbt.ref("disclosure_profiles").df(), dbt.config.get("disclosure_profile")),
    )
