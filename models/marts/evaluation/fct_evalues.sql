-- How strongly, as a risk ratio, an unmeasured cause would have to go with both treatment and
-- outcome to explain an estimate away, and to move its interval to no effect (VanderWeele and Ding,
-- Annals of Internal Medicine 2017). Lots go with no cause: a trial's rows say so.
select * from {{ ref('py_evalues') }}
