-- One row per record of an enrolment file beside a case list, typed.
{{ typed_enrolments('case_list__programme_enrolments') }}
