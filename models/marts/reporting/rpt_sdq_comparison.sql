-- Scores of the two arms of a trial on each scale, as far as they may be released: both arms are
-- large enough. A median or quartile is shown only where on either side of it are as many children
-- as the smallest count that is shown. The statistic of the test gives the arms' sizes away, so a
-- profile that rounds them leaves it out.
with
scales as (select * from {{ ref('fct_sdq_comparison') }}),
decisions as (select * from {{ ref('py_release_decisions') }}),
profiles as (select * from {{ ref('int_release_profile') }}),

decided as (
    select
        scales.*,
        treated.released as released_treated,
        comparator.released as released_comparator,
        {% for place in ['disclosure', 'reason'] -%}
        case
            when scales.status != 'ok'
                then {{ "'x'" if place == 'disclosure' else 'scales.status_reason' }}
            {% for arm in ['treated', 'comparator'] -%}
            {%- set symbol = "coalesce(" ~ arm ~ ".disclosure, 'c')" -%}
            when {{ symbol }} != 'shown'
                then {{ symbol if place == 'disclosure' else arm ~ '.disclosure_reason' }}
            {% endfor -%}
            when not ({{ is_enough('least(scales.n_treated, scales.n_comparator)') }})
                then {{
                    "'u'" if place == 'disclosure'
                    else "'unreliable: it rests on too few children'"
                }}
            {{ "else 'shown'" if place == 'disclosure' }}
        end as {{ 'disclosure' if place == 'disclosure' else 'disclosure_reason' }},
        {% endfor -%}
        profiles.smallest_count
    from scales
    {% for arm in ['treated', 'comparator'] -%}
    left join decisions as {{ arm }}
        on
            scales.study_id = {{ arm }}.scope
            and {{ arm }}.cell_id = 'sdq/' || scales.scale || '/{{ arm }}'
    {% endfor -%}
    cross join profiles
)

select
    decided.study_id,
    decided.scale,
    decided.score_direction,
    decided.released_treated as n_treated,
    decided.released_comparator as n_comparator,
    {% for arm in ['treated', 'comparator'] -%}
    {% for place, needed in {'lower_quartile': 4, 'median': 2, 'upper_quartile': 4}.items() -%}
    case
        when
            decided.disclosure = 'shown'
            and decided.n_{{ arm }} >= {{ needed }} * decided.smallest_count
            then decided.{{ place }}_{{ arm }}
    end as {{ place }}_{{ arm }},
    {% endfor -%}
    {% endfor -%}
    case
        when decided.disclosure = 'shown' and profiles.authority_rounding = 1
            then decided.u_statistic
    end as u_statistic,
    {{ shown(['decided.p_value', 'decided.shift'], "decided.disclosure = 'shown'") }},
    case when decided.disclosure = 'shown' then {{ released_mean('decided.superiority', 2) }} end
        as superiority,
    decided.method,
    case when decided.disclosure = 'shown' then decided.favours end as favours,
    decided.status,
    decided.status_reason,
    {{ release_tail('decided.disclosure', 'decided.disclosure_reason') }}
from decided
cross join profiles
