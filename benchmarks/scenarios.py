"""The made-up worlds of the simulation, and what is true in each."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.stats import truncnorm

from csc_outcomes.synthetic.days import FloatArray, IntArray, add_months
from csc_outcomes.synthetic.facts import StudyDays, StudyFacts
from csc_outcomes.synthetic.length_law import LengthLaw
from csc_outcomes.synthetic.stochastic import (
    NO_EFFECT,
    PUBLISHED_EFFECTS,
    Population,
    TrueEffects,
    expected_effects,
    family_risk,
    generate_stochastic,
    shortest_length,
)

FAMILY_ICC = 0.7  # siblings' outcomes mostly go together
ALONE = (1.0, 1.0)  # children per family: each case is a family of its own
REREFERRAL_MONTHS = 12
# Outcome of the warehouse: column of `expected_effects`.
EXPECTED = {"closed_without_later_escalation": "closed_well", "escalated": "escalated"}


@dataclass(frozen=True)
class Scenario:
    """One world: who comes, what the programme changes, how alike siblings' outcomes are.

    `length_weeks` (of the mean of the law that lengths follow) and `log_hazard_ratio` are the true
    effects on the length of a case, None where no single number describes the change. `share` is
    of the replicates asked for: a world that checks one method alone needs fewer.
    """

    name: str
    effects: TrueEffects
    population: Population
    length_weeks: float | None
    log_hazard_ratio: float | None
    family_icc: float = 0.0
    share: float = 1.0

    def extract(
        self, n_treated: int, n_comparators: int, seed: int, facts: StudyFacts
    ) -> pd.DataFrame:
        """One delivery of this world, with family ids."""
        return generate_stochastic(
            n_treated,
            n_comparators,
            seed,
            facts,
            effects=self.effects,
            population=self.population,
            family_icc=self.family_icc,
            with_family_ids=True,
        )

    def truths(self, extract: pd.DataFrame, facts: StudyFacts) -> pd.DataFrame:
        """By how much the programme changed the chance of each binary outcome, and the weeks.

        One row per treated case, indexed by its row in `extract`: the chance with the programme
        less the chance the same case, with its own dates, siblings and referrals, would have had
        without; `length_given_open` is the same of the mean length in weeks of a case that is open
        on the day it enters. The truth for a sample is the mean over its treated cases.
        """
        columns = facts.extract.columns
        is_treated = (extract[columns["arm"]] == "1").to_numpy()
        chances = expected_effects(extract, facts, effects=self.effects, population=self.population)
        rows = pd.DataFrame({name: chances[column] for name, column in EXPECTED.items()})
        with_programme, without = (
            Laws.of(extract[is_treated], facts, self.population, effects, has_programme)
            for effects, has_programme in ((self.effects, True), (NO_EFFECT, False))
        )
        rows["rereferred_12m"] = with_programme.rereferred() - without.rereferred()
        rows["length_given_open"] = with_programme.mean_weeks() - without.mean_weeks()
        return rows.set_index(extract.index[is_treated])


@dataclass(frozen=True)
class Laws:
    """What each of the treated cases of an extract may come to, with the programme or without."""

    length: LengthLaw
    rereferred_after_closure: float
    start: IntArray
    entry: IntArray
    referral: IntArray
    days: StudyDays

    @classmethod
    def of(
        cls,
        treated: pd.DataFrame,
        facts: StudyFacts,
        population: Population,
        effects: TrueEffects,
        has_programme: bool,
    ) -> Laws:
        """The laws of the generator; only with the programme do lengths have its spread."""
        columns = facts.extract.columns
        start, entry, referral = (
            treated[columns[name]].to_numpy().astype("datetime64[D]").astype(np.int64)
            for name in ("plan_start_date", "programme_start_date", "referral_date")
        )
        siblings, referrals = (
            treated[columns[name]].astype(int)
            for name in ("n_siblings_under_18", "n_previous_referrals")
        )
        risk = family_risk(siblings, referrals)
        length = population.length.shifted(population.length_by_risk * risk + effects.length_weeks)
        return cls(
            replace(length, sd=population.treated_length_sd) if has_programme else length,
            population.rereferred_after_closure + effects.rereferred_after_closure,
            start,
            entry,
            referral,
            facts.days,
        )

    def rereferred(self) -> FloatArray:
        """Each case's chance of a re-referral within 12 months of its original referral.

        In the generator a closed case is re-referred on any later day of the study with equal
        chance: over the days on which the case can close, the chance of that closure times the
        share of the days left that lie in the window.
        """
        last_day = np.minimum(add_months(self.referral, REREFERRAL_MONTHS), self.days.end)
        chance = np.zeros(len(self.start))
        for day in range(self.days.start, self.days.end):
            closes = self._ended_by(day) - self._ended_by(day - 1)
            chance += closes * np.clip(last_day - day, 0, None) / (self.days.end - day)
        return self.rereferred_after_closure * chance

    def mean_weeks(self) -> FloatArray:
        """Each case's mean length in weeks, given that it is open when it enters."""
        least = shortest_length(self.start, self.entry, self.days) / 7
        mean, sd = np.asarray(self.length.mean), self.length.sd
        if self.length.kind == "exponential":
            return np.asarray(least + mean)
        return np.asarray(truncnorm.mean((least - mean) / sd, np.inf, loc=mean, scale=sd))

    def _ended_by(self, day: int) -> FloatArray:
        shortest = shortest_length(self.start, self.entry, self.days)
        return self.length.share_ended(day - self.start, shortest)


def _same_spread(population: Population) -> Population:
    """Without an effect treated lengths have the comparators' spread too."""
    return replace(population, treated_length_sd=population.length.sd)


_PUBLISHED = Population(family_size=ALONE)
_FAMILIES = Population()
_NORMAL = Population(
    # Everybody enters soon after a long case began, so that nearly nobody closes before entry and
    # no length is cut off below; and no closure is undone by an escalation.
    entry_shape=8,
    short_wait_share=1,
    length=LengthLaw(80, 10),
    treated_length_sd=10,
    length_by_risk=0,
    escalated_after_closure=0,
    escalated_by_risk=0,
    family_size=ALONE,
)
_MEMORYLESS = Population(
    length=LengthLaw(45, 0, "exponential"),
    treated_length_sd=0,
    length_by_risk=0,
    escalated_after_closure=0,
    escalated_by_risk=0,
    family_size=ALONE,
)

SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("none_alone", NO_EFFECT, _same_spread(_PUBLISHED), 0, 0),
        Scenario("none_families", NO_EFFECT, _same_spread(_FAMILIES), 0, 0, FAMILY_ICC),
        Scenario("effect_alone", PUBLISHED_EFFECTS, _PUBLISHED, 35, None),
        Scenario("effect_families", PUBLISHED_EFFECTS, _FAMILIES, 35, None, FAMILY_ICC),
        Scenario("normal_lengths", TrueEffects(6, 0, 0, 0), _NORMAL, 6, None, share=0.3),
        Scenario(
            "memoryless",
            TrueEffects(35, 0, 0, 0),
            _MEMORYLESS,
            None,
            float(np.log(45 / 80)),
            share=0.3,
        ),
    )
}
