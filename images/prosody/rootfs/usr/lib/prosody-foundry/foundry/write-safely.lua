-- Puts a text in the place of a small file, so that there is the old one or the new one, whatever happens meanwhile.

local disk = require("foundry.disk")

-- Not in the middle of a sentence.
local function plain(reason) return (tostring(reason):gsub("^/[^:]*: ", "")) end

-- true, or nil and why not.
return function(path, text)
  local part = path .. "~"
  local file, reason = io.open(part, "wb")
  if not file then return nil, plain(reason) end
  local written, problem = file:write(text)
  local closed, failure = file:close()
  local done = written and closed
  reason = problem or failure
  if done then done, reason = disk.sync(part) end
  if done then done, reason = os.rename(part, path) end
  if done then done, reason = disk.sync(path:match("^(.*)/") or ".") end
  if done then return true end
  os.remove(part)
  return nil, plain(reason)
end
