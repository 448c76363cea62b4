-- One row per record of an enrolment file that comes with study files, typed.
{{ typed_enrolments('study_files__programme_enrolments') }}
