-- Project Crewe report, table 2: how many of the coded cases had each risk factor at referral,
-- beside the country's children in need. Its base is both arms, though its title names the
-- programme's cases alone, which stand beside it. Factors for which no national share is printed
-- follow.
select
    label,
    domain,
    max(n_present) filter (where arm = 'both') as n_present,
    max(n_coded) filter (where arm = 'both') as n_coded,
    round(100 * max(share) filter (where arm = 'both'), 1) as percent_of_sample,
    round(100 * max(national_share), 1) as percent_nationally,
    max(n_present) filter (where arm = 'treated') as n_present_in_programme,
    max(n_coded) filter (where arm = 'treated') as n_coded_in_programme,
    max(national_year) as national_year,
    max(national_source) as national_source
from {{ ref('fct_risk_prevalence') }}
where study_id = 'crewe' and component = 'risk'
group by
    factor_id,
    label,
    domain
order by
    percent_nationally desc nulls last,
    percent_of_sample desc,
    factor_id asc
