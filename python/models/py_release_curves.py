def model(dbt, session):
    """Curves with fewer, wider steps; the release tables of curves type the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.disclosure.curves import release_curves

    profile = dbt.ref("int_release_profile").df()
    return release_curves(
        dbt.ref("fct_survival_curves").df(),
        dbt.ref("fct_cumulative_incidence").df(),
        int(profile.smallest_count.iloc[0]),
    )
