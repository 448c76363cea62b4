-- What the release tables of this build may show: the disclosure profile they follow.
select
    profile,
    profile_version,
    title,
    'Counts from 1 to ' || (smallest_count - 1) || ' are hidden, and others from which they could '
    || 'be worked out'
    || case
        when authority_rounding > 1
            then '; the rest go to the nearest ' || authority_rounding
        else ''
    end
    || case
        when region_rounding > 1
            then '; figures of several authorities go to the nearest ' || region_rounding
        else ''
    end
    || '; a figure rests on at least ' || smallest_n || ' cases'
    || case
        when smallest_residual_df > 1
            then ' and ' || smallest_residual_df || ' residual degrees of freedom'
        else ''
    end
    || case
        when largest_share < 1
            then ', of which none gives more than ' || cast(round(100 * largest_share) as integer)
                || ' % of the sum'
        else ''
    end as thresholds,
    source,
    (select bool_or(is_synthetic) from {{ ref('fct_load_log') }}) as is_synthetic
from {{ ref('int_release_profile') }}
