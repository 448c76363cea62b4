-- One row per validation rule and topic that its failure threatens.
select distinct
    rules.rule,
    case
        when rules.threatens = 'everything' then 'everything'
        else topics.topic
    end as topic
from {{ ref('cin_rules') }} as rules
inner join {{ ref('outcome_topics') }} as topics
    on
        rules.threatens = 'everything'
        or ', ' || rules.threatens || ',' like '%, ' || topics.topic || ',%'
        or (
            ', ' || rules.threatens || ',' like '%, escalation,%'
            and topics.topic like 'escalation%'
        )
