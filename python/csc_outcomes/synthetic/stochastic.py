"""The stochastic mode: extracts of any size from a population whose treatment effects are known.

Start values are those that give roughly the published marginals; nothing is forced, so figures vary
with the seed as they would between studies. Families with many siblings and many referrals have
longer cases and more escalations, and are more often treated: a comparison that doesn't match finds
too much. `expected_effects` says what a perfect one would find.
"""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import ndtr

from csc_outcomes.synthetic.covariates import draw_age_days, negative_binomial
from csc_outcomes.synthetic.days import NEVER, FloatArray, IntArray
from csc_outcomes.synthetic.extract import as_extract, with_families
from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.finish import NEED_SHARES, NEEDS, OTHER_ETHNICITIES, OTHER_NATIONALITIES
from csc_outcomes.synthetic.length_law import LengthLaw
from csc_outcomes.synthetic.luck import redraw_until
from csc_outcomes.synthetic.strata import referral_bin, sibling_bin

SHORTEST_CASE_DAYS = 14
LONGEST_RELAPSE_DAYS = 150
PUBLISHED_LENGTH = LengthLaw(39, 32)


@dataclass(frozen=True)
class TrueEffects:
    """What the programme changes in a case: weeks of mean length, differences in probability."""

    length_weeks: float = 35.0
    escalated_after_closure: float = 0.189
    escalated_during: float = -0.01
    rereferred_after_closure: float = -0.08


@dataclass(frozen=True)
class Population:
    """How cases come about without the programme; pairs are (treated, comparator)."""

    entry_span_days: int = 480
    entry_shape: float = 1.6  # entry = study start + span x Beta(1, shape)
    short_wait_share: float = (
        0.18  # open for 20-182 days at entry, the others longer than six months
    )
    long_wait_days: tuple[float, float] = (
        194,
        1122,
    )  # beyond six months: White British children, others
    stock_share: float = 0.44  # of comparators, open on the study start
    stock_days: float = 305
    siblings: tuple[tuple[float, float], tuple[float, float]] = (
        (2.47, 4),
        (1.82, 2.2),
    )  # mean, size
    referrals: tuple[tuple[float, float], tuple[float, float]] = ((2.55, 2.2), (2.18, 1.6))
    white_british: tuple[float, float] = (0.73, 0.63)
    british_if_not_white: tuple[float, float] = (0.82, 0.673)
    female: float = 0.475
    length: LengthLaw = PUBLISHED_LENGTH
    treated_length_sd: float = 22.5
    escalated_after_closure: float = 0.106
    escalated_during: float = 0.05
    rereferred_after_closure: float = 0.28
    length_by_risk: float = 6  # weeks between the least and the most siblings and referrals
    escalated_by_risk: float = 0.08
    family_size: tuple[float, float] = (
        2.28,
        1.6,
    )  # mean number of a family's children in the extract


PUBLISHED_EFFECTS = TrueEffects()
NO_EFFECT = TrueEffects(0, 0, 0, 0)
PUBLISHED_POPULATION = Population()


def generate_stochastic(
    n_treated: int,
    n_comparators: int,
    seed: int,
    facts: StudyFacts,
    *,
    effects: TrueEffects = PUBLISHED_EFFECTS,
    population: Population = PUBLISHED_POPULATION,
    family_icc: float = 0.0,
    with_family_ids: bool = False,
) -> pd.DataFrame:
    """An extract of so many eligible cases, all text under the file's own headers.

    With `family_icc` above 0 or `with_family_ids`, children come in families that share dates,
    ethnicity and siblings, and their outcomes are correlated by `family_icc` on the normal scale;
    the ids add a column. Raises ValueError when `family_icc` is outside 0-1 or an arm would be
    empty.
    """
    if not 0 <= family_icc <= 1:
        raise ValueError(f"family_icc is a correlation between 0 and 1, not {family_icc}.")
    if min(n_treated, n_comparators) < 1:
        raise ValueError("Both arms need at least one case.")
    rng = np.random.default_rng(seed)
    has_families = with_family_ids or family_icc > 0
    arms = []
    for is_treated, n in ((True, n_treated), (False, n_comparators)):
        arm = _Arm(rng, is_treated, n, facts.days, population, effects, family_icc)
        arms.append(
            arm.draw(_families(rng, n, population.family_size[arm.side] if has_families else 1))
        )
    arms[1]["family"] += n_treated  # beyond every number a treated family can have
    cases = _describe(rng, pd.concat(arms, ignore_index=True), facts)
    return as_extract(cases, with_families(facts.extract) if with_family_ids else facts.extract)


def expected_effects(
    extract: pd.DataFrame,
    facts: StudyFacts,
    *,
    effects: TrueEffects = PUBLISHED_EFFECTS,
    population: Population = PUBLISHED_POPULATION,
) -> pd.DataFrame:
    """For each treated case of an extract: case_id, and by how much the programme changed each
    outcome's chance.

    Pass the effects and the population that the extract was generated with. The mean length changes
    by `effects.length_weeks` for every case.
    """
    headers = facts.extract.columns
    treated = extract[extract[headers["arm"]] == "1"]
    start, entry = (
        treated[headers[column]].to_numpy().astype("datetime64[D]").astype(np.int64)
        for column in ("plan_start_date", "programme_start_date")
    )
    siblings, referrals = (
        treated[headers[column]].astype(int)
        for column in ("n_siblings_under_18", "n_previous_referrals")
    )
    risk = family_risk(siblings, referrals)
    chances = [
        CaseLaws.of_arm(is_treated, risk, population, effects).chances(start, entry, facts.days)
        for is_treated in (True, False)
    ]
    differences = {name: chances[0][name] - chances[1][name] for name in chances[0]}
    return pd.DataFrame({"case_id": treated[headers["case_id"]].to_numpy(), **differences})


def family_risk(siblings: npt.ArrayLike, referrals: npt.ArrayLike) -> FloatArray:
    """From -0.4 to 0.6, near 0 on average, equal within strata: matching removes what it does."""
    return np.asarray((sibling_bin(siblings) + referral_bin(referrals)) / 6 - 0.4)


def _chance(value: FloatArray) -> FloatArray:
    return np.clip(value, 0, 1)


def shortest_length(start: IntArray, entry: IntArray, days: StudyDays) -> IntArray:
    """Days a case lasts at least: two weeks within the study, and until entry if it is treated."""
    in_study = np.maximum(days.start - start, 0) + SHORTEST_CASE_DAYS
    return np.where(entry == NEVER, in_study, np.maximum(in_study, entry - start))


@dataclass(frozen=True)
class CaseLaws:
    """The laws of one arm's outcomes, case by case."""

    length: LengthLaw
    escalated_after_closure: FloatArray
    escalated_during: FloatArray
    rereferred_after_closure: float

    @classmethod
    def of_arm(
        cls, is_treated: bool, risk: FloatArray, population: Population, effects: TrueEffects
    ) -> "CaseLaws":
        effect = effects if is_treated else NO_EFFECT
        length = population.length.shifted(population.length_by_risk * risk + effect.length_weeks)
        by_risk = population.escalated_by_risk * risk
        return cls(
            replace(length, sd=population.treated_length_sd) if is_treated else length,
            _chance(population.escalated_after_closure + by_risk + effect.escalated_after_closure),
            _chance(population.escalated_during + by_risk + effect.escalated_during),
            population.rereferred_after_closure + effect.rereferred_after_closure,
        )

    def chances(self, start: IntArray, entry: IntArray, days: StudyDays) -> dict[str, FloatArray]:
        """Probability of each outcome of cases with these dates."""
        longer_than = shortest_length(start, entry, days)
        closed = self.length.share_ended(days.end - start, longer_than)
        not_escalated = (1 - closed * self.escalated_after_closure) * (1 - self.escalated_during)
        return {
            "closed_recorded": closed,
            "closed_well": closed * (1 - self.escalated_after_closure),
            "escalated": 1 - not_escalated,
            "rereferred_any": closed * self.rereferred_after_closure,
        }


@dataclass(frozen=True)
class _Arm:
    """Draws one arm: what families share once per family, the rest once per case."""

    rng: np.random.Generator
    is_treated: bool
    n: int
    days: StudyDays
    population: Population
    effects: TrueEffects
    family_icc: float

    @property
    def side(self) -> int:
        """This arm's place in the pairs of the population."""
        return 0 if self.is_treated else 1

    def draw(self, family: IntArray) -> pd.DataFrame:
        """One row per case of the families numbered in `family`, in the generator's own columns."""
        shared = self._families_share(int(family.max()) + 1).iloc[family].reset_index(drop=True)
        size = np.bincount(family)[family]
        mean, spread = self.population.referrals[self.side]
        cases = shared.assign(
            treated=self.is_treated,
            family=family,
            siblings=np.maximum(shared["siblings"], size - 1),
            referrals=negative_binomial(self.rng, mean, spread, self.n),
            age_days=draw_age_days(self.rng, self.n),
            female=self.rng.random(self.n) < self.population.female,
        )
        return self._with_outcomes(cases)

    def _families_share(self, n: int) -> pd.DataFrame:
        white_british = self.rng.random(n) < self.population.white_british[self.side]
        is_british_too = self.rng.random(n) < self.population.british_if_not_white[self.side]
        mean, spread = self.population.siblings[self.side]
        families = pd.DataFrame(
            {
                "white_british": white_british,
                "british": white_british | is_british_too,
                "siblings": negative_binomial(self.rng, mean, spread, n),
            }
        )
        draw = self._treated_dates if self.is_treated else self._comparator_dates
        first, last = self.days.earliest_plan_start, self.days.latest_plan_start
        return redraw_until(
            families, draw, lambda rows: rows["start"].between(first, last).to_numpy()
        )

    def _treated_dates(self, families: pd.DataFrame) -> pd.DataFrame:
        n, population = len(families), self.population
        since_start = population.entry_span_days * self.rng.beta(1, population.entry_shape, n)
        entry = self.days.start + np.floor(since_start)
        mean = np.where(families["white_british"], *population.long_wait_days)
        is_short = self.rng.random(n) < population.short_wait_share
        wait = np.where(is_short, self.rng.uniform(20, 182, n), 183 + self.rng.exponential(mean))
        dates = {"entry": entry, "start": entry - np.floor(wait)}
        return pd.DataFrame(dates, index=families.index).astype(np.int64)

    def _comparator_dates(self, families: pd.DataFrame) -> pd.DataFrame:
        n, population = len(families), self.population
        stock = self.days.start - np.floor(self.rng.exponential(population.stock_days, n))
        inflow = self.rng.integers(self.days.start, self.days.latest_plan_start + 1, n)
        start = np.where(self.rng.random(n) < population.stock_share, stock, inflow)
        return pd.DataFrame({"entry": NEVER, "start": start}, index=families.index).astype(np.int64)

    def _with_outcomes(self, cases: pd.DataFrame) -> pd.DataFrame:
        days, family = self.days, cases["family"].to_numpy()
        start, entry = cases["start"].to_numpy(), cases["entry"].to_numpy()
        risk = family_risk(cases["siblings"], cases["referrals"])
        outcomes = CaseLaws.of_arm(self.is_treated, risk, self.population, self.effects)

        length = outcomes.length.draw(self._uniform(family), shortest_length(start, entry, days))
        close = start + np.ceil(np.minimum(length, NEVER)).astype(np.int64)
        close = np.where(close <= days.end, close, NEVER)
        is_after = (close != NEVER) & (self._uniform(family) < outcomes.escalated_after_closure)
        is_during = ~is_after & (self._uniform(family) < outcomes.escalated_during)
        after = self._between(close, np.minimum(close + LONGEST_RELAPSE_DAYS, days.end))
        during = self._between(np.maximum(days.start, start + 1), np.minimum(close - 1, days.end))
        is_referred = (close < days.end) & (
            self._uniform(family) < outcomes.rereferred_after_closure
        )
        again = self._between(close + 1, np.full(self.n, days.end))
        wait = self.rng.integers(3, 51, self.n)
        share_in_service = self.rng.uniform(0.4, 1, self.n)
        stay = share_in_service * (np.minimum(close, days.end) - entry)
        return cases.assign(
            close=close,
            referral=np.maximum(start - wait, start - cases["age_days"]),
            cp=np.select([is_after, is_during], [after, during], NEVER),
            lac=NEVER,
            is_after=is_after,
            is_undated=False,
            rereferral=np.where(is_referred, again, NEVER),
            second_rereferral=NEVER,
            service_end=np.where(entry == NEVER, NEVER, entry + stay.astype(np.int64)),
        )

    def _uniform(self, family: IntArray) -> FloatArray:
        """Uniform numbers that are correlated within families."""
        shared = self.rng.normal(size=int(family.max()) + 1)[family]
        own = self.rng.normal(size=self.n)
        normal = np.sqrt(self.family_icc) * shared + np.sqrt(1 - self.family_icc) * own
        return np.asarray(ndtr(normal))

    def _between(self, first: IntArray, last: IntArray) -> IntArray:
        return self.rng.integers(first, np.maximum(first, last) + 1)


def _families(rng: np.random.Generator, n_cases: int, mean_size: float) -> IntArray:
    """The family number of each case; a mean size of 1 gives each case a family of its own."""
    sizes = 1 + rng.poisson(mean_size - 1, n_cases)
    return np.repeat(np.arange(n_cases), sizes)[:n_cases]


def _describe(rng: np.random.Generator, cases: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
    """Ids in random order, and what a family has in common besides dates."""
    n = len(cases)
    family = cases["family"].to_numpy()
    n_families = int(family.max()) + 1
    wards, sizes = list(facts.wards), np.array(list(facts.wards.values()))
    number = rng.permutation(n)
    needs = [rng.choice(NEEDS, n, p=NEED_SHARES[is_treated]) for is_treated in (True, False)]
    cases = cases.assign(
        child_ref=[f"CH{one:07d}" for one in number],
        case_ref=[f"CS{one:07d}" for one in number],
        family_ref=[f"FM{one:07d}" for one in rng.permutation(n_families)[family]],
        ethnicity=np.where(
            cases["white_british"], "WBRI", rng.choice(OTHER_ETHNICITIES, n_families)[family]
        ),
        nationality=np.where(
            cases["british"], "British", rng.choice(OTHER_NATIONALITIES, n_families)[family]
        ),
        ward=rng.choice(wards, n_families, p=sizes / sizes.sum())[family],
        need=np.where(cases["treated"], *needs),
    )
    return cases.iloc[rng.permutation(n)].reset_index(drop=True)
