-- For a connection of util.sql that is given up, or whose statement failed. A statement of PostgreSQL's looks at its
-- connection when it is collected, even if that was freed before: the server would crash. And one of SQLite's that failed
-- says so once more when it is used again.
return function(engine)
  for _, statement in pairs(engine.prepared or {}) do pcall(statement.close, statement) end
  engine.prepared = {}
end
