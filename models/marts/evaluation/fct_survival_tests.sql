-- Tests of two arms over the whole time watched. `log_rank`: does the rate of closing differ?
-- `log_rank_clustered` asks the same and takes cases of one child, or of one family where families
-- were allocated, together (robust variance; Lin and Wei 1989).
-- `gray_closure` and `gray_escalation`: does the share that ends in this way differ, the other end
-- competing (Gray 1988)? `proportional_hazards_<transform>`: does the hazard ratio of the Cox
-- model of the arm alone drift with time, transformed so (score test of R's cox.zph since survival
-- 3.0; Grambsch and Therneau 1994)?
select * from {{ ref('py_survival_tests') }}
