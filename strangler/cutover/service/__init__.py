"""What the monolith asks a service about itself, over HTTP: is it up to date, does it hold what it should?"""
