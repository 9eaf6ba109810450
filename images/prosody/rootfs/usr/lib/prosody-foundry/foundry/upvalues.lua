-- A function of Prosody's that is local to its file is replaced for all that use it.

return {
  -- Answers a function that puts the one before back, or nil where `of` uses none of that name. `make(before)`: the new one.
  replace = function(of, wanted, make)
    local index = 1
    while true do
      local name, before = debug.getupvalue(of, index)
      if name == nil then return nil end
      if name == wanted then
        debug.setupvalue(of, index, make(before))
        return function() debug.setupvalue(of, index, before) end
      end
      index = index + 1
    end
  end,
}
