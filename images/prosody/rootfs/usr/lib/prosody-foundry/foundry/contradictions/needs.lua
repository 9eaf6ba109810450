-- What an option cannot be without, as the table says.

local options = require("foundry.options")
local needs = require("foundry.needs")

return {
  function(values, set_by, say)
    for _, option in ipairs(options) do
      local missing = set_by[option.name] and needs.find_missing(option.needs, values)
      if missing then
        local lest = option.lest and (": without, %s."):format(option.lest) or "."
        say("%s needs %s%s", set_by[option.name], needs.text_of(missing), lest)
      end
    end
  end,
}
