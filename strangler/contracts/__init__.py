"""The published language as data: what is published, who needs which part of it, whom a change breaks."""
