"""Where a request comes from: its network and its browser, told by files and by what it says."""
