-- Every record of a child in need told apart from its referral and what becomes of it.
{{ records_with_fates('cin_spells') }}
