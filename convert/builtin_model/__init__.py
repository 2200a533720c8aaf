"""The recipe of the built-in demonstration model: data, tokeniser, SFT, GRPO, export and scores."""
