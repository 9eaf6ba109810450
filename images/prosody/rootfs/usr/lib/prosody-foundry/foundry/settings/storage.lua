-- Where data is kept.

local database = require("foundry.database")

return function(context, set)
  local values, set_by = context.values, context.set_by
  set("global", "default_storage", database.default_storage(values, set_by))
  set("global", "storage", next(values.PROSODY_STORES) and values.PROSODY_STORES or nil)
  set("global", "sql", database.parameters(values))
end
