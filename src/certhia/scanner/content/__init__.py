"""What is asked of a web server under a finished handshake: its page, the policies and scripts of it, and the names in
them.

Each part takes bytes as they come and keeps little of them, so that thousands of pages may be read at once.
"""
