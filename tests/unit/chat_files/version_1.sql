-- A chats file of version 1, as the program of that version wrote it.
CREATE TABLE chats (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, created_at REAL NOT NULL,
    updated_at REAL NOT NULL, leaf_id TEXT
);
CREATE TABLE messages (
    n INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, chat_id TEXT NOT NULL REFERENCES chats(id) ON DELETE CASCADE,
    parent_id TEXT, role TEXT NOT NULL, text TEXT NOT NULL, reasoning TEXT NOT NULL DEFAULT '', state TEXT NOT NULL,
    model TEXT NOT NULL DEFAULT '', quant TEXT NOT NULL DEFAULT '', created_at REAL NOT NULL, timings TEXT
);
CREATE INDEX messages_of_chat ON messages(chat_id, n);
CREATE VIRTUAL TABLE search USING fts5(text, tokenize='trigram');
INSERT INTO chats (n, id, title, created_at, updated_at, leaf_id) VALUES (1, 'c1', 'Coin tosses', 1700000000.0, 1700000009.0, 'b');
INSERT INTO chats (n, id, title, created_at, updated_at, leaf_id) VALUES (2, 'c2', 'Roots', 1700000003.0, 1700000004.0, 'z');
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings) VALUES (1, 'q', 'c1', NULL, 'user', 'How many coin tosses until two heads?
它是多少？', '', 'done', '', '', 1700000000.5, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings) VALUES (2, 'a', 'c1', 'q', 'assistant', 'On average **six**.', 'Let E be it''s expectation', 'done', 'R1', 'Q4', 1700000001.5, '{"prompt_tokens": 10, "reused_tokens": 4, "decode_tokens": 1301, "reasoning_tokens": 912, "time_to_first_token_s": 0.2, "prefill_tokens_s": 800.0, "decode_tokens_s": 38.1, "reasoning_seconds": 24.0, "context_used": 1311, "stop_reason": "end"}');
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings) VALUES (3, 'b', 'c1', 'q', 'assistant', 'Six, cut', '', 'streaming', 'R1', 'Q4', 1700000002.5, NULL);
INSERT INTO messages (n, id, chat_id, parent_id, role, text, reasoning, state, model, quant, created_at, timings) VALUES (4, 'z', 'c2', NULL, 'user', '为什么根号二是无理数？', '', 'done', '', '', 1700000003.5, NULL);
INSERT INTO search (rowid, text) VALUES (1, 'How many coin tosses until two heads?
它是多少？');
INSERT INTO search (rowid, text) VALUES (2, 'On average **six**.');
INSERT INTO search (rowid, text) VALUES (4, '为什么根号二是无理数？');
PRAGMA user_version=1;
