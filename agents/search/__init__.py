"""Tree search over batches of games: PUCT (AlphaZero) and Gumbel, on one array tree."""

from agents.search.config import SearchConfig, SearchResult
from agents.search.search import Search

__all__ = ["Search", "SearchConfig", "SearchResult"]
