# The work of the scale benchmark as a straightforward pipeline in R, from the same CSV files.
#
#     Rscript scale_r.R PROJECT ANSWER.json FACTS.json
#
# The rules are those of scale_pandas.py. FACTS.json holds the nation's headers and the day of its
# extracts. data.table reads and joins, MatchIt forms the strata, survival counts censored lengths.
suppressPackageStartupMessages({
    library(data.table)
    library(MatchIt)
    library(survival)
})
setDTthreads(2)

escalations <- c(
    "first_cp_date_during", "first_cp_date_after", "first_lac_date_during", "first_lac_date_after"
)
dates <- c(
    "birth_date", "referral_date", "plan_start_date", "closure_date", "programme_start_date",
    escalations
)
texts <- c("rereferral_dates", "programme_id", "programme_end_date")
bins <- list(age = c(3, 7, 13), n_siblings_under_18 = c(1, 2, 3), n_previous_referrals = c(1, 3, 8))
caliper_months <- 6

# Each day is read once: ten years hold few of them.
as_date <- function(text) {
    days <- unique(text)
    as.IDate(days)[match(text, days)]
}

# A date so many months on; the last day of a month that is too short.
months_on <- function(date, n) {
    parts <- as.POSIXlt(date)
    months <- parts$year * 12 + parts$mon + n
    first <- as.Date(ISOdate(1900 + months %/% 12, months %% 12 + 1, 1))
    following <- as.Date(ISOdate(1900 + (months + 1) %/% 12, (months + 1) %% 12 + 1, 1))
    pmin(first + parts$mday - 1, following - 1)
}

# The cases of all authorities under their canonical names.
read_cases <- function(project, headers) {
    paths <- Sys.glob(file.path(project, "extracts", "*", "*", "cases.csv"))
    types <- list(character = unlist(headers[c(dates, texts)]))
    parts <- lapply(paths, function(path) {
        part <- fread(path, na.strings = "", colClasses = types)
        setnames(part, unlist(headers), names(headers))
        part[, (dates) := lapply(.SD, as_date), .SDcols = dates]
        part[, la_code := toupper(sub("synthetic_", "", basename(dirname(dirname(path)))))]
    })
    rbindlist(parts)
}

# Counts and sums of one study.
work <- function(cases, study, as_of, is_pooled) {
    start <- as.IDate(study$study_start)
    until <- min(as.IDate(study$study_end), as_of)
    entry <- cases$programme_start_date
    entry[is.na(cases$programme_id) | cases$programme_id != study$programme_id] <- NA
    sample <- cases[, entry_date := entry][
        (study$la_code == "*" | la_code == study$la_code)
        & plan_start_date >= as.IDate(study$earliest_case_start)
        & plan_start_date <= as.IDate(study$latest_case_start)
        & (is.na(closure_date) | closure_date >= start)
        & (is.na(entry_date) | (plan_start_date < entry_date & entry_date <= until))
    ]
    sample[, `:=`(row = .I, is_treated = !is.na(entry_date))]
    matched <- weights_of(strata(sample, is_pooled))
    c(
        list(
            "eligible treated" = sum(sample$is_treated),
            "eligible comparators" = sum(!sample$is_treated)
        ),
        outcomes(sample, start, until),
        list(
            "matched treated" = matched$n_treated,
            "matched comparators" = length(matched$weights),
            "sum of weights" = sum(matched$weights),
            "sum of squared weights" = sum(matched$weights^2)
        )
    )
}

# Sums of the outcomes of eligible cases, and of how many they are known.
outcomes <- function(sample, start, until) {
    closure <- sample$closure_date
    closure[!is.na(closure) & closure > until] <- NA
    later <- rep(FALSE, nrow(sample))
    for (column in escalations) {
        hit <- sample[[column]] <= until & sample[[column]] >= closure
        later <- later | (!is.na(hit) & hit)
    }
    is_lasting <- !is.na(closure) & !later
    again <- sample[!is.na(rereferral_dates), .(
        date = as.IDate(unlist(strsplit(rereferral_dates, ";", fixed = TRUE)))
    ), by = .(row, referral_date)]
    again <- again[
        date > referral_date & date <= months_on(referral_date, 12)
        & date >= start & date <= until
    ]
    ended <- closure
    ended[!is_lasting] <- until
    days <- as.integer(ended - sample$plan_start_date)
    known <- days >= 0
    lengths <- Surv(days[known], is_lasting[known])
    list(
        closed_recorded = sum(!is.na(closure)),
        closed_without_later_escalation = sum(is_lasting),
        rereferred_12m = uniqueN(again$row),
        "rereferred_12m known" = sum(!is.na(sample$referral_date)),
        case_length_days = sum(lengths[, "time"]),
        "case_length_days censored" = sum(lengths[, "status"] == 0)
    )
}

# The cases that share their stratum with the other arm; none where no stratum has both.
strata <- function(sample, is_pooled) {
    born <- as.POSIXlt(sample$birth_date)
    opened <- as.POSIXlt(sample$plan_start_date)
    had_birthday <- opened$mon > born$mon | (opened$mon == born$mon & opened$mday >= born$mday)
    told <- copy(sample)[, age := opened$year - born$year - 1 + had_birthday]
    told <- told[!is.na(age) & !is.na(n_siblings_under_18) & !is.na(n_previous_referrals)]
    told[, `:=`(
        place = if (is_pooled) "" else la_code,
        is_girl = sex_code %in% "F",
        is_white_british = ethnicity_code %in% "WBRI",
        is_british = nationality %in% "British"
    )]
    for (name in names(bins)) set(told, j = name, value = findInterval(told[[name]], bins[[name]]))
    keys <- c(names(bins), "is_girl", "is_white_british", "is_british", "place")
    has_both <- told[, uniqueN(is_treated) == 2, by = keys][, any(V1)]
    if (!has_both) {
        return(told[0][, stratum := integer()])
    }
    told[, (keys) := lapply(.SD, as.character), .SDcols = keys]
    varied <- keys[vapply(told[, ..keys], uniqueN, 1L) > 1]
    fitted <- matchit(reformulate(varied, "is_treated"), told, method = "exact", estimand = "ATT")
    told[, stratum := fitted$subclass][!is.na(stratum)]
}

# The treated with a comparator, and the comparators' weights: all pairs, then the rules.
weights_of <- function(sample) {
    treated <- sample[is_treated == TRUE, .(
        stratum,
        treated = row, entry = entry_date,
        first = as.IDate(months_on(plan_start_date, -caliper_months)),
        last = as.IDate(months_on(plan_start_date, caliper_months))
    )]
    treated[, last := pmin(last, entry)]
    others <- sample[is_treated == FALSE, .(
        stratum,
        other = row, opened = plan_start_date, closure = closure_date
    )]
    pairs <- others[
        treated,
        on = .(stratum, opened >= first, opened <= last), nomatch = NULL,
        allow.cartesian = TRUE, .(treated, other, closure, entry)
    ][is.na(closure) | closure >= entry]
    pairs[, share := 1 / .N, by = treated]
    list(n_treated = uniqueN(pairs$treated), weights = pairs[, sum(share), by = other]$V1)
}

arguments <- commandArgs(trailingOnly = TRUE)
facts <- jsonlite::read_json(arguments[3])
seeds <- file.path(arguments[1], "seeds", "studies")
cases <- read_cases(arguments[1], facts$columns)
studies <- fread(file.path(seeds, "studies.csv"), colClasses = "character")
parameters <- fread(file.path(seeds, "study_parameters.csv"), colClasses = "character")
pooled <- parameters[value == "study", unique(study_id)]
found <- list()
for (i in seq_len(nrow(studies))) {
    study <- as.list(studies[i])
    counts <- work(cases, study, as.IDate(facts$as_of_date), study$study_id %in% pooled)
    names(counts) <- paste(study$study_id, names(counts))
    found <- c(found, counts)
}
writeLines(jsonlite::toJSON(found, auto_unbox = TRUE, digits = 17), arguments[2])
