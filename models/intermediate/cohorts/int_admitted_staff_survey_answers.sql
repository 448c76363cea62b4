-- The answers to staff surveys of authorities whose delivery passed every critical expectation:
-- nothing behind the gate reads past it.
{{ admitted('std_staff_survey_answers') }}
