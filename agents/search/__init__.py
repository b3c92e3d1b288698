"""Tree search over batches of games: PUCT (AlphaZero) and Gumbel, on one array tree."""

from agents.search.search import Search, SearchConfig, SearchResult

__all__ = ["Search", "SearchConfig", "SearchResult"]
