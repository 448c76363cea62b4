"""Day numbers: dates as whole days since 1 January 1970, so that windows are integer arithmetic."""

from datetime import date

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

NEVER = (
    99_999  # "has not happened": later than every date here, so comparisons need no special case
)
YEAR_DAYS = 365.25


def day_number(day: date) -> int:
    """Days from 1 January 1970 to `day`."""
    return day.toordinal() - date(1970, 1, 1).toordinal()


def add_months(days: npt.ArrayLike, months: int) -> IntArray:
    """The same day of the month so many months on, or the month's last day where there is none."""
    dates = np.asarray(days, dtype=np.int64).astype("datetime64[D]")
    month = dates.astype("datetime64[M]")
    day_of_month = (dates - month).astype(np.int64)
    first = (month + months).astype("datetime64[D]").astype(np.int64)
    last = (month + months + 1).astype("datetime64[D]").astype(np.int64) - 1
    return np.asarray(np.minimum(first + day_of_month, last))


def iso_dates(days: npt.ArrayLike) -> npt.NDArray[np.str_]:
    """ISO text of day numbers, empty for NEVER."""
    numbers = np.asarray(days, dtype=np.int64)
    return np.where(numbers == NEVER, "", numbers.astype("datetime64[D]").astype(str))
