-- The reviews of child protection plans of authorities whose delivery passed every critical
-- expectation: nothing behind the gate reads past it.
{{ admitted('std_cp_reviews') }}
