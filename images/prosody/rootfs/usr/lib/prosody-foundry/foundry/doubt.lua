-- Whether a sentence is about an option in doubt, because what was given for it is wrong: it may well be wrong once that
-- one is mended.
return function(sentence, set_by, doubted)
  for name in pairs(doubted) do
    for _, called in ipairs({ name, set_by[name] }) do
      if sentence:find("%f[%w_]" .. called .. "%f[^%w_]") then return true end
    end
  end
  return false
end
