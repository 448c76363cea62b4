-- Every public table as its property file describes it: folder, version of its contract, what one
-- row is, and what to know before reading it (docs/connect.md says what the version promises).
{%- for table in public_tables() %}
{%- if not loop.first %}
union all
{%- endif %}
select
    {{ text_literal(table.table_name) }} as table_name,
    {{ text_literal(table.folder) }} as folder,
    {{ text_literal(table.contract_version) }} as contract_version,
    {{ text_literal(table.grain) }} as grain,
    {{ text_literal(table.description) }} as description,
    {{ table.n_columns }} as n_columns
{%- endfor %}
