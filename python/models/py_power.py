def model(dbt, session):
    """The smallest difference that each design detects; fct_power types the rows."""
    dbt.config(materialized="table", access="private", group="warehouse")

    from csc_outcomes.evaluation.power_tables import detectable_differences

    return detectable_differences(dbt.ref("power_designs").df())
