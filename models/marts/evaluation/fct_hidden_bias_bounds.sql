-- How strong an unseen cause of selection would have to be to explain a result away: bounds of the
-- one-sided p-value when two cases alike in everything recorded differ by the factor gamma in
-- their odds of treatment (Rosenbaum 2002; Becker and Caliendo 2007). crossing_gamma is the first
-- at which it exceeds 5 %, ceiling_gamma the most that the test can give with so many pairs.
select * from {{ ref('py_hidden_bias_bounds') }}
