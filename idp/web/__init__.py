"""HTTP plumbing: parameters, cookies, tickets, pages, headers, and a request's context."""
