-- Tells who wants to know whether something was added to an archive. The methods of a store belong to all that use its
-- backend, and whoever keeps a store open goes on with those that it found: they are wrapped once, and stay so. What comes
-- and goes is who is told.

local watched = setmetatable({}, { __mode = "k" }) -- methods of a store → set of keys
local listeners = {} -- key → set of functions

local function tell(methods, is_kept)
  for key in pairs(watched[methods]) do
    for listener in pairs(listeners[key] or {}) do listener(is_kept) end
  end
end

local function wrap(methods)
  local append = methods.append
  watched[methods] = {}
  function methods.append(...)
    local id, reason, more = append(...)
    tell(methods, not not id)
    return id, reason, more
  end
end

return {
  -- `key` stands for who asks. What was watched for it before still is.
  watch = function(key, store, listener)
    local methods = store and (getmetatable(store) or {}).__index
    if type(methods) ~= "table" or not methods.append then return end
    if not watched[methods] then wrap(methods) end
    watched[methods][key] = true
    listeners[key] = listeners[key] or {}
    listeners[key][listener] = true
  end,
  forget = function(key, listener)
    if listeners[key] then listeners[key][listener] = nil end
  end,
}
