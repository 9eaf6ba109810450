-- What prosodyctl cannot do here, told before it tries: it would start other programs, and there are none in the image.

local sentences = {
  start = "the container is the server: start it with `docker start`, or `docker run IMAGE`",
  restart = "the container is the server: use `docker restart`",
  stop = "the container is the server: use `docker stop`",
  install = "it needs LuaRocks, which this image does not have: mount the module at /etc/prosody/modules",
  remove = "it needs LuaRocks, which this image does not have",
  list = "it needs LuaRocks, which this image does not have: `prosodyctl shell module list` shows what is loaded",
}

-- The first word that is no option.
local function command_of(arguments)
  for i, word in ipairs(arguments) do
    if word:sub(1, 1) ~= "-" and arguments[i - 1] ~= "--config" then return word end
  end
end

return {
  -- nil, or a sentence.
  judge = function(arguments)
    local command = command_of(arguments)
    local sentence = command and sentences[command]
    return sentence and ("prosodyctl %s does nothing here, %s."):format(command, sentence)
  end,
}
