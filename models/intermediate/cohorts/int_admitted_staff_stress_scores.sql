-- The answers to surveys of stress of authorities whose delivery passed every critical expectation:
-- nothing behind the gate reads past it.
{{ admitted('std_staff_stress_scores') }}
