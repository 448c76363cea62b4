-- One row per referral of a case: the original one and every re-referral.
select * from {{ ref('int_admitted_referrals') }}
