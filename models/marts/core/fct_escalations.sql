-- One row per escalation of a case to a child protection plan (cp) or to care (lac); undated
-- ones are counted.
select * from {{ ref('int_admitted_escalations') }}
