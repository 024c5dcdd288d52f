"""Which revisits come first, learnt from what earlier revisits found."""

from archive.revisits.edit_rates import EditRates, RevisitedArticle, learn
from archive.revisits.order import Candidate, in_order
