"""The evaluation report: pages, figures and tables made from the published tables alone."""
