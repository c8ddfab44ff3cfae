<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutPresenter</name>
    <message>
        <source>llama.cpp through llama-cpp-python</source>
        <translation>llama.cpp（通过 llama-cpp-python）</translation>
    </message>
    <message>
        <source>Open the release page…</source>
        <translation>打开发布页面…</translation>
    </message>
</context>
<context>
    <name>AboutSection</name>
    <message>
        <source>About</source>
        <translation>关于</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Check for updates</source>
        <translation>检查更新</translation>
    </message>
    <message>
        <source>Updates</source>
        <translation>更新</translation>
    </message>
    <message>
        <source>Release feed</source>
        <translation>发布源</translation>
    </message>
    <message>
        <source>Address of the list of releases that the check asks.</source>
        <translation>检查更新时所查询的发布列表的地址。</translation>
    </message>
    <message>
        <source>Engine build</source>
        <translation>引擎构建版本</translation>
    </message>
    <message>
        <source>Show licences</source>
        <translation>显示许可证</translation>
    </message>
    <message>
        <source>The launcher is under the MIT licence. It uses Qt under the LGPL, llama.cpp and other free software.</source>
        <translation>启动器采用 MIT 许可证，并使用 Qt（LGPL）、llama.cpp 和其他自由软件。</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Asked only when you press the button: one request that tells this version and nothing else.</source>
        <translation>仅在您按下按钮时查询：只发送一个请求，其中只包含当前版本。</translation>
    </message>
    <message>
        <source>No release feed is set in this build. Nothing is ever asked by itself.</source>
        <translation>此构建未设置发布源。程序绝不会自行查询。</translation>
    </message>
</context>
<context>
    <name>ActionRow</name>
    <message>
        <source>Download and chat</source>
        <translation>下载并开始对话</translation>
    </message>
    <message>
        <source>Adjust…</source>
        <translation>调整…</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载进度</translation>
    </message>
    <message>
        <source>Pause the download</source>
        <translation>暂停下载</translation>
    </message>
    <message>
        <source>Cancel the download</source>
        <translation>取消下载</translation>
    </message>
    <message>
        <source>Load and chat</source>
        <translation>加载并开始对话</translation>
    </message>
    <message>
        <source>{size} on your disk, checked.</source>
        <translation>{size} 已在磁盘上，校验无误。</translation>
    </message>
    <message>
        <source>Download and chat · {size}</source>
        <translation>下载并开始对话 · {size}</translation>
    </message>
    <message>
        <source>You can pause at any time.</source>
        <translation>可随时暂停。</translation>
    </message>
    <message>
        <source>Needs {size}; {free} are free on disk.</source>
        <translation>需要 {size}；磁盘剩余 {free}。</translation>
    </message>
    <message>
        <source>{free} free on disk.</source>
        <translation>磁盘剩余 {free}。</translation>
    </message>
    <message>
        <source>Continue the download</source>
        <translation>继续下载</translation>
    </message>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
    <message>
        <source>waiting for its turn</source>
        <translation>排队等待中</translation>
    </message>
    <message>
        <source>looking at what is here already</source>
        <translation>正在检查已有的部分</translation>
    </message>
    <message>
        <source>checking the sha256</source>
        <translation>正在校验 sha256</translation>
    </message>
    <message>
        <source>paused; continues where it stopped</source>
        <translation>已暂停；会从停下处继续</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>AddLinkDialog</name>
    <message>
        <source>Add a link</source>
        <translation>添加链接</translation>
    </message>
    <message>
        <source>The link of a model or of a GGUF file on the hub, owner/repository, owner/repository:file, or a name of the list of models.</source>
        <translation>hub 上模型或 GGUF 文件的链接、owner/repository、owner/repository:file，或模型列表中的名称。</translation>
    </message>
    <message>
        <source>Link or name</source>
        <translation>链接或名称</translation>
    </message>
    <message>
        <source>Look it up</source>
        <translation>查找</translation>
    </message>
    <message>
        <source>Quantisations</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Chat when done</source>
        <translation>完成后开始对话</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Asking the hub…</source>
        <translation>正在查询 hub…</translation>
    </message>
    <message>
        <source>Download · {size}</source>
        <translation>下载 · {size}</translation>
    </message>
</context>
<context>
    <name>AlarmBanner</name>
    <message>
        <source>your graphics card</source>
        <translation>您的显卡</translation>
    </message>
</context>
<context>
    <name>Alarms</name>
    <message>
        <source>Planned: {planned} of {all} layers on {card}. Actual: {actual}.</source>
        <translation>计划：{all} 层中的 {planned} 层放在 {card} 上。实际：{actual} 层。</translation>
    </message>
    <message>
        <source>Expect less than the planned {rate} tokens/s.</source>
        <translation>速度会低于计划的 {rate} 词元/秒。</translation>
    </message>
    <message>
        <source>This answer is being made by the processor, not by your graphics card</source>
        <translation>这个回答由处理器生成，而不是显卡</translation>
    </message>
    <message>
        <source>Less of the model is on your graphics card than planned</source>
        <translation>放进显卡的部分比计划的少</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
    <message>
        <source>Choose a smaller model</source>
        <translation>选择更小的模型</translation>
    </message>
    <message>
        <source>Expect about {now} instead of {planned} tokens/s.</source>
        <translation>预计速度约为 {now} 词元/秒，而不是计划的 {planned}。</translation>
    </message>
    <message>
        <source>Loaded with less than planned</source>
        <translation>加载时缩减了方案</translation>
    </message>
    <message>
        <source>Notes about this load</source>
        <translation>关于本次加载的说明</translation>
    </message>
    <message>
        <source>The driver moved {size} of the model to RAM, because another program needs the graphics card.</source>
        <translation>其他程序需要显卡，驱动程序已将模型的 {size} 移到内存。</translation>
    </message>
    <message>
        <source>{actual} instead of {planned} tokens/s.</source>
        <translation>{actual} 词元/秒，而不是计划的 {planned}。</translation>
    </message>
    <message>
        <source>Video memory spills into RAM: {size}</source>
        <translation>显存溢出到内存：{size}</translation>
    </message>
    <message>
        <source>Plan and load again</source>
        <translation>重新规划并加载</translation>
    </message>
</context>
<context>
    <name>AnswerRow</name>
    <message>
        <source>Copy answer</source>
        <translation>复制回答</translation>
    </message>
    <message>
        <source>Answer again</source>
        <translation>重新回答</translation>
    </message>
    <message>
        <source>Go on from here in a new chat</source>
        <translation>从这里开始，在新对话中继续</translation>
    </message>
    <message>
        <source>More with this answer</source>
        <translation>此回答的更多操作</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation>不完整</translation>
    </message>
    <message>
        <source>edited by you</source>
        <translation>经您编辑</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>first after {seconds} s</source>
        <translation>{seconds} 秒后出首个词元</translation>
    </message>
    <message>
        <source>{count} tokens restored from disk</source>
        <translation>从磁盘恢复 {count} 词元</translation>
    </message>
    <message>
        <source>{percent} % of the guessed tokens were right</source>
        <translation>候选词元命中率 {percent} %</translation>
    </message>
    <message>
        <source>guesses are off: {slow} instead of {plain} tokens/s</source>
        <translation>已停用候选词元：{slow} 词元/秒，不用时为 {plain}</translation>
    </message>
    <message>
        <source>ended by the length limit</source>
        <translation>达到长度上限而结束</translation>
    </message>
    <message>
        <source>ended because the context is full</source>
        <translation>上下文已满而结束</translation>
    </message>
    <message>
        <source>Edit answer</source>
        <translation>编辑回答</translation>
    </message>
    <message>
        <source>Delete with all that follows</source>
        <translation>删除此条及之后的全部内容</translation>
    </message>
    <message>
        <source>Save as a version</source>
        <translation>另存为新版本</translation>
    </message>
</context>
<context>
    <name>Application</name>
    <message>
        <source>Home</source>
        <translation>首页</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>This PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
</context>
<context>
    <name>AttachmentChips</name>
    <message>
        <source>Attachments</source>
        <translation>附件</translation>
    </message>
</context>
<context>
    <name>AttachmentsPresenter</name>
    <message>
        <source>At most {n} files go with one message.</source>
        <translation>一条消息最多可附 {n} 个文件。</translation>
    </message>
    <message>
        <source>The files are still being read.</source>
        <translation>文件仍在读取中。</translation>
    </message>
    <message>
        <source>The files take {tokens} tokens; {room} have room in the context.</source>
        <translation>文件占 {tokens} 词元；上下文只能容纳 {room} 词元。</translation>
    </message>
    <message>
        <source>{name} · reading…</source>
        <translation>{name} · 正在读取…</translation>
    </message>
    <message>
        <source>{name} · {count} tokens</source>
        <translation>{name} · {count} 词元</translation>
    </message>
    <message>
        <source>{name} · about {count} tokens</source>
        <translation>{name} · 约 {count} 词元</translation>
    </message>
    <message>
        <source>{count} characters</source>
        <translation>{count} 个字符</translation>
    </message>
    <message>
        <source>{count} characters at the end are left out</source>
        <translation>略去末尾 {count} 个字符</translation>
    </message>
    <message>
        <source>the first {read} of {pages} pages</source>
        <translation>共 {pages} 页，取前 {read} 页</translation>
    </message>
    <message>
        <source>beginning only</source>
        <translation>仅开头部分</translation>
    </message>
    <message>
        <source>Cut to fit</source>
        <translation>截短以适应上下文</translation>
    </message>
    <message>
        <source>Attach files</source>
        <translation>附加文件</translation>
    </message>
</context>
<context>
    <name>Banner</name>
    <message>
        <source>Dismiss</source>
        <translation>关闭提示</translation>
    </message>
</context>
<context>
    <name>BuiltinPresenter</name>
    <message>
        <source>{model} is on its way.</source>
        <translation>{model} 正在下载。</translation>
    </message>
    <message>
        <source>{model} is on its way: {share} is here.</source>
        <translation>{model} 正在下载：已完成 {share}。</translation>
    </message>
    <message>
        <source>{time} left.</source>
        <translation>剩余 {time}。</translation>
    </message>
    <message>
        <source>{model} is ready.</source>
        <translation>{model} 已就绪。</translation>
    </message>
    <message>
        <source>You are chatting with the built-in demonstration model; this chat can go on with the new one.</source>
        <translation>您正在与内置的演示模型对话；此对话可以用新模型继续。</translation>
    </message>
    <message>
        <source>Chat with {model}</source>
        <translation>与 {model} 对话</translation>
    </message>
</context>
<context>
    <name>ChatFilesPresenter</name>
    <message>
        <source>Export chat</source>
        <translation>导出对话</translation>
    </message>
    <message>
        <source>Writing {name}…</source>
        <translation>正在写入 {name}…</translation>
    </message>
    <message>
        <source>Export all chats</source>
        <translation>导出所有对话</translation>
    </message>
    <message>
        <source>Writing chats…</source>
        <translation>正在写入对话…</translation>
    </message>
    <message>
        <source>Import chats</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Exported chats (*.json *.zip)</source>
        <translation>导出的对话 (*.json *.zip)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Reading chats…</source>
        <translation>正在读取对话…</translation>
    </message>
    <message>
        <source>Writing chats: {done} of {count}</source>
        <translation>正在写入对话：{done} / {count}</translation>
    </message>
    <message>
        <source>Show the folder</source>
        <translation>显示文件夹</translation>
    </message>
    <message>
        <source>The export is complete.</source>
        <translation>导出完成。</translation>
    </message>
</context>
<context>
    <name>ChatHead</name>
    <message>
        <source>Settings of this chat</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>More</source>
        <translation>更多</translation>
    </message>
    <message>
        <source>Meters</source>
        <translation>仪表</translation>
    </message>
    <message>
        <source>Copy chat as Markdown</source>
        <translation>以 Markdown 复制对话</translation>
    </message>
    <message>
        <source>Export chat</source>
        <translation>导出对话</translation>
    </message>
    <message>
        <source>Export all chats</source>
        <translation>导出所有对话</translation>
    </message>
    <message>
        <source>Import chats…</source>
        <translation>导入对话…</translation>
    </message>
    <message>
        <source>Markdown…</source>
        <translation>Markdown…</translation>
    </message>
    <message>
        <source>Web page (HTML)…</source>
        <translation>网页 (HTML)…</translation>
    </message>
    <message>
        <source>PDF…</source>
        <translation>PDF…</translation>
    </message>
    <message>
        <source>Everything, to import again (JSON)…</source>
        <translation>全部内容，可再次导入 (JSON)…</translation>
    </message>
</context>
<context>
    <name>ChatListPresenter</name>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
</context>
<context>
    <name>ChatSettingsPanel</name>
    <message>
        <source>Settings of this chat</source>
        <translation>此对话的设置</translation>
    </message>
</context>
<context>
    <name>ChatSettingsPresenter</name>
    <message>
        <source>New chats begin like this.</source>
        <translation>新对话将以这些设置开始。</translation>
    </message>
</context>
<context>
    <name>ChoiceCard</name>
    <message>
        <source>Smartest</source>
        <translation>最聪明</translation>
    </message>
    <message>
        <source>Fastest</source>
        <translation>最快</translation>
    </message>
    <message>
        <source>Longest chats</source>
        <translation>最长对话</translation>
    </message>
    <message>
        <source>Biggest that runs</source>
        <translation>能运行的最大模型</translation>
    </message>
    <message>
        <source> tokens/s</source>
        <translation> 词元/秒</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>GPU</source>
        <translation>GPU</translation>
    </message>
    <message>
        <source>GPU {n}</source>
        <translation>GPU {n}</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
</context>
<context>
    <name>CodeBlock</name>
    <message>
        <source>Scroll the code sideways</source>
        <translation>横向滚动代码</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Code, {language}</source>
        <translation>代码，{language}</translation>
    </message>
</context>
<context>
    <name>CodeHead</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>Composer</name>
    <message>
        <source>Attach files</source>
        <translation>附加文件</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Write a message. Enter sends, Shift+Enter starts a new line.</source>
        <translation>输入消息。Enter 发送，Shift+Enter 换行。</translation>
    </message>
    <message>
        <source>This model cannot be switched</source>
        <translation>此模型不能切换</translation>
    </message>
</context>
<context>
    <name>ConnectionDialog</name>
    <message>
        <source>Connection to {host}</source>
        <translation>与 {host} 的连接</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Test again</source>
        <translation>重新测试</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>The connection works: downloads can run.</source>
        <translation>连接正常：可以下载。</translation>
    </message>
    <message>
        <source>The test was stopped.</source>
        <translation>测试已停止。</translation>
    </message>
    <message>
        <source>It goes the way that a download takes, for a few kB.</source>
        <translation>按下载所走的路径，只传输几 kB。</translation>
    </message>
</context>
<context>
    <name>ContextLine</name>
    <message>
        <source>about </source>
        <translation>约 </translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>of {total}</source>
        <translation>/ {total}</translation>
    </message>
    <message>
        <source>{count} tokens are kept free for the next answer.</source>
        <translation>为下一个回答预留 {count} 词元。</translation>
    </message>
    <message>
        <source>Nothing cut</source>
        <translation>没有截去内容</translation>
    </message>
    <message>
        <source>{count} oldest messages cut</source>
        <translation>截去了最早的 {count} 条消息</translation>
    </message>
    <message>
        <source>{count} summarised, {cut} cut</source>
        <translation>{count} 条已生成摘要，截去 {cut} 条</translation>
    </message>
    <message>
        <source>{count} oldest messages summarised</source>
        <translation>最早的 {count} 条消息已生成摘要</translation>
    </message>
    <message>
        <source>{count} system</source>
        <translation>系统提示 {count}</translation>
    </message>
    <message>
        <source>{count} chat</source>
        <translation>对话 {count}</translation>
    </message>
    <message>
        <source>{count} thinking, dropped after each answer</source>
        <translation>思考 {count}，每次回答后丢弃</translation>
    </message>
</context>
<context>
    <name>ContextPresenter</name>
    <message>
        <source>Summarising {count} older messages…</source>
        <translation>正在为 {count} 条较早的消息生成摘要…</translation>
    </message>
    <message>
        <source>Part {number} of {all}</source>
        <translation>第 {number} 部分，共 {all} 部分</translation>
    </message>
    <message>
        <source>{count} tokens are in use.</source>
        <translation>已使用 {count} 词元。</translation>
    </message>
    <message>
        <source>The answer ends here because the context is full.</source>
        <translation>上下文已满，回答到此结束。</translation>
    </message>
    <message>
        <source>The oldest messages are no longer sent to the model: there is no summary of them.</source>
        <translation>最早的消息不再发送给模型：没有生成摘要。</translation>
    </message>
    <message>
        <source>To continue, older messages are summarised or no longer sent to the model, as it is set.</source>
        <translation>继续时，会按设置为较早的消息生成摘要，或不再将其发送给模型。</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>The context was full before the thought was finished.</source>
        <translation>思考还没有完成，上下文就满了。</translation>
    </message>
    <message>
        <source>A thought cannot be continued, and there is nothing older to leave out.</source>
        <translation>思考无法从中断处继续，也没有更早的消息可以略去。</translation>
    </message>
    <message>
        <source>A thought cannot be continued. For thinking again, older messages are no longer sent to the model.</source>
        <translation>思考无法从中断处继续。重新思考时，较早的消息不再发送给模型。</translation>
    </message>
    <message>
        <source>Think again with more room</source>
        <translation>腾出空间重新思考</translation>
    </message>
</context>
<context>
    <name>ConversationModel</name>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>Last week</source>
        <translation>最近一周</translation>
    </message>
    <message>
        <source>Older</source>
        <translation>更早</translation>
    </message>
    <message>
        <source>The newest {count} messages found</source>
        <translation>找到的最新 {count} 条消息</translation>
    </message>
    <message>
        <source>1 message found</source>
        <translation>找到 1 条消息</translation>
    </message>
    <message>
        <source>{count} messages found</source>
        <translation>找到 {count} 条消息</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>folded</source>
        <translation>已折叠</translation>
    </message>
    <message>
        <source>unfolded</source>
        <translation>已展开</translation>
    </message>
    <message>
        <source>Folder {name}, chats: {count}, {state}</source>
        <translation>文件夹 {name}，{count} 个对话，{state}</translation>
    </message>
    <message>
        <source>{title}, pinned</source>
        <translation>{title}，已置顶</translation>
    </message>
</context>
<context>
    <name>ConversationPanel</name>
    <message>
        <source>Search chats</source>
        <translation>搜索对话</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新对话</translation>
    </message>
    <message>
        <source>No chat contains “{words}”.</source>
        <translation>没有对话包含“{words}”。</translation>
    </message>
    <message>
        <source>No chats yet.</source>
        <translation>还没有对话。</translation>
    </message>
    <message>
        <source>Deleted “{title}”</source>
        <translation>已删除“{title}”</translation>
    </message>
    <message>
        <source>Deleted folder “{name}”</source>
        <translation>已删除文件夹“{name}”</translation>
    </message>
</context>
<context>
    <name>ConversationView</name>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Chat {title}</source>
        <translation>对话 {title}</translation>
    </message>
    <message>
        <source>Unpin</source>
        <translation>取消置顶</translation>
    </message>
    <message>
        <source>Pin</source>
        <translation>置顶</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Move to folder</source>
        <translation>移到文件夹</translation>
    </message>
    <message>
        <source>Remove from folder</source>
        <translation>移出文件夹</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Folder {name}</source>
        <translation>文件夹 {name}</translation>
    </message>
    <message>
        <source>Delete the folder, keep its chats</source>
        <translation>删除文件夹，保留其中的对话</translation>
    </message>
</context>
<context>
    <name>CpuDiskCard</name>
    <message>
        <source>Processor and disk</source>
        <translation>处理器和磁盘</translation>
    </message>
    <message>
        <source>Cores</source>
        <translation>核心</translation>
    </message>
    <message>
        <source>{n} threads</source>
        <translation>{n} 线程</translation>
    </message>
    <message>
        <source>1 thread</source>
        <translation>1 个线程</translation>
    </message>
    <message>
        <source>Instructions</source>
        <translation>指令集</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>负载</translation>
    </message>
    <message>
        <source>{kind}, {size}</source>
        <translation>{kind}，{size}</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>Reading</source>
        <translation>读取速度</translation>
    </message>
</context>
<context>
    <name>CrashDialog</name>
    <message>
        <source>Something went wrong in the launcher</source>
        <translation>启动器出错了</translation>
    </message>
    <message>
        <source>This is a bug in the launcher. Your chats and downloads are on the disk. Nothing is sent anywhere.</source>
        <translation>这是启动器的程序错误。您的对话和下载都保存在磁盘上，没有发送任何信息。</translation>
    </message>
    <message>
        <source>Report</source>
        <translation>报告</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
</context>
<context>
    <name>CutRow</name>
    <message>
        <source>From the summary to here nothing is sent to the model: the context is full</source>
        <translation>从摘要到此处的内容不再发送给模型：上下文已满</translation>
    </message>
    <message>
        <source>Older messages are no longer sent to the model: the context is full</source>
        <translation>更早的消息不再发送给模型：上下文已满</translation>
    </message>
</context>
<context>
    <name>DeviceSection</name>
    <message>
        <source>Load</source>
        <translation>负载</translation>
    </message>
    <message>
        <source>Temp.</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Power</source>
        <translation>功耗</translation>
    </message>
    <message>
        <source>unknown, not measured</source>
        <translation>未知，未测量</translation>
    </message>
    <message>
        <source>{used} of {total} used</source>
        <translation>已用 {used} / {total}</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>The bar ends at 100 °C</source>
        <translation>条形末端为 100 °C</translation>
    </message>
    <message>
        <source>limit {watts} W</source>
        <translation>上限 {watts} W</translation>
    </message>
</context>
<context>
    <name>Dialog</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>DiskCard</name>
    <message>
        <source>Model disk</source>
        <translation>模型磁盘</translation>
    </message>
    <message>
        <source>Models and partial downloads</source>
        <translation>模型和未完成的下载</translation>
    </message>
    <message>
        <source>Kept for running downloads</source>
        <translation>为进行中的下载预留</translation>
    </message>
    <message>
        <source>Other files</source>
        <translation>其他文件</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>Folder shared with other programs that use the Hugging Face cache. Nothing is deleted unless you delete it.</source>
        <translation>此文件夹与其他使用 Hugging Face 缓存的程序共用。除非您自己删除，否则不会删除任何内容。</translation>
    </message>
    <message>
        <source>A folder that you chose, in the layout of the Hugging Face cache. Nothing is deleted unless you delete it.</source>
        <translation>您选择的文件夹，采用 Hugging Face 缓存的布局。除非您自己删除，否则不会删除任何内容。</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>更改…</translation>
    </message>
    <message>
        <source>Change the folder of new models…</source>
        <translation>更改新模型的文件夹…</translation>
    </message>
    <message>
        <source>size unknown</source>
        <translation>大小未知</translation>
    </message>
</context>
<context>
    <name>Downloads</name>
    <message>
        <source>{done} of {total}</source>
        <translation>{done} / {total}</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
    <message>
        <source>No connection to {host}.</source>
        <translation>无法连接 {host}。</translation>
    </message>
    <message>
        <source>Next try in {time}</source>
        <translation>将在 {time}后重试</translation>
    </message>
    <message>
        <source>Waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>立即重试</translation>
    </message>
    <message>
        <source>the disk is full</source>
        <translation>磁盘已满</translation>
    </message>
    <message>
        <source>It goes on by itself when there is room.</source>
        <translation>有空间后会自动继续。</translation>
    </message>
    <message>
        <source>Free up space…</source>
        <translation>释放空间…</translation>
    </message>
    <message>
        <source>Use another disk…</source>
        <translation>使用其他磁盘…</translation>
    </message>
    <message>
        <source>Paused: {what}</source>
        <translation>已暂停：{what}</translation>
    </message>
    <message>
        <source>It stopped.</source>
        <translation>已中断。</translation>
    </message>
    <message>
        <source>Waiting for you: the owner asks you to accept terms first</source>
        <translation>等待您操作：所有者要求您先接受条款</translation>
    </message>
    <message>
        <source>The {size} that are here stay.</source>
        <translation>已有的 {size} 会保留。</translation>
    </message>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Waiting for its turn</source>
        <translation>排队等待中</translation>
    </message>
    <message>
        <source>Checking disk and server</source>
        <translation>正在检查磁盘和服务器</translation>
    </message>
    <message>
        <source>Comparing the checksum</source>
        <translation>正在比对校验和</translation>
    </message>
    <message>
        <source>Paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>Paused when the app was closed</source>
        <translation>程序关闭时暂停</translation>
    </message>
    <message>
        <source>limited to {rate}</source>
        <translation>限速 {rate}</translation>
    </message>
    <message>
        <source>checksum computed while writing</source>
        <translation>写入时计算校验和</translation>
    </message>
    <message>
        <source>{amount} are here and stay</source>
        <translation>已有 {amount}，会保留</translation>
    </message>
    <message>
        <source>None</source>
        <translation>不限速</translation>
    </message>
    <message>
        <source>{n} running</source>
        <translation>{n} 个进行中</translation>
    </message>
    <message>
        <source>{n} waiting</source>
        <translation>{n} 个等待中</translation>
    </message>
    <message>
        <source>{n} paused</source>
        <translation>{n} 个已暂停</translation>
    </message>
    <message>
        <source>{n} stopped</source>
        <translation>{n} 个已中断</translation>
    </message>
    <message>
        <source>If you close the app, they continue where they stopped next time.</source>
        <translation>关闭程序后，下次会从停下处继续。</translation>
    </message>
    <message>
        <source>1 download</source>
        <translation>1 个下载</translation>
    </message>
    <message>
        <source>{n} downloads</source>
        <translation>{n} 个下载</translation>
    </message>
</context>
<context>
    <name>DownloadsArea</name>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>On this PC</source>
        <translation>本机模型</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
</context>
<context>
    <name>DownloadsPage</name>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Understood</source>
        <translation>知道了</translation>
    </message>
    <message>
        <source>Pause all</source>
        <translation>全部暂停</translation>
    </message>
    <message>
        <source>Resume all</source>
        <translation>全部继续</translation>
    </message>
    <message>
        <source>Add a link…</source>
        <translation>添加链接…</translation>
    </message>
    <message>
        <source>Nothing is being downloaded. Home shows which model suits this PC.</source>
        <translation>没有正在进行的下载。首页会显示适合本机的模型。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
</context>
<context>
    <name>DownloadsPresenter</name>
    <message>
        <source>Use the open copy by {owner} · {size}</source>
        <translation>使用 {owner} 的公开副本 · {size}</translation>
    </message>
    <message>
        <source>Use {quant} by {owner} · {size}</source>
        <translation>使用 {owner} 的 {quant} · {size}</translation>
    </message>
    <message>
        <source>Mirror, proxy…</source>
        <translation>镜像、代理…</translation>
    </message>
</context>
<context>
    <name>DownloadsSection</name>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>At a time</source>
        <translation>同时下载</translation>
    </message>
    <message>
        <source>Further ones wait for their turn.</source>
        <translation>其余的排队等待。</translation>
    </message>
    <message>
        <source>files</source>
        <translation>个文件</translation>
    </message>
    <message>
        <source>Connections per file</source>
        <translation>每个文件的连接数</translation>
    </message>
    <message>
        <source>Several are faster on far or busy servers.</source>
        <translation>服务器较远或繁忙时，多个连接更快。</translation>
    </message>
    <message>
        <source>connections</source>
        <translation>个连接</translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation>限速</translation>
    </message>
    <message>
        <source>All downloads together; 0 is none. A single one can have a limit of its own.</source>
        <translation>所有下载合计；0 为不限速。单个下载可另设限速。</translation>
    </message>
    <message>
        <source>MB/s</source>
        <translation>MB/s</translation>
    </message>
    <message>
        <source>Continue at startup</source>
        <translation>启动后继续</translation>
    </message>
    <message>
        <source>Unfinished downloads continue when the app opens.</source>
        <translation>打开程序时继续未完成的下载。</translation>
    </message>
    <message>
        <source>Notify at the end</source>
        <translation>完成时通知</translation>
    </message>
    <message>
        <source>A desktop notification when a download is finished or needs you, while this window is not in front.</source>
        <translation>此窗口不在最前面时，下载完成或需要您操作会发出桌面通知。</translation>
    </message>
</context>
<context>
    <name>DraftRow</name>
    <message>
        <source>Draft model</source>
        <translation>草稿模型</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>its own prediction layers (MTP)</source>
        <translation>模型自身的预测层（MTP）</translation>
    </message>
    <message>
        <source>{name}, not installed</source>
        <translation>{name}，未安装</translation>
    </message>
    <message>
        <source>Download {name} · {size}</source>
        <translation>下载 {name} · {size}</translation>
    </message>
    <message>
        <source>Downloading {name}: {done} of {size}</source>
        <translation>正在下载 {name}：{done} / {size}</translation>
    </message>
    <message>
        <source>A mixture of experts gains less: each guess reads experts of its own.</source>
        <translation>混合专家模型获益较少：每个候选词元都要读取各自的专家。</translation>
    </message>
    <message>
        <source>Answers stay the same; it guesses only while that is measured to be faster.</source>
        <translation>回答不变；只有实测更快时才使用候选词元。</translation>
    </message>
    <message>
        <source>Until it is here, the model is loaded without it.</source>
        <translation>下载完成之前，加载模型时不使用它。</translation>
    </message>
    <message>
        <source>{draft} takes {size}.</source>
        <translation>{draft} 占用 {size}。</translation>
    </message>
    <message>
        <source>These layers take {size}.</source>
        <translation>这些层占用 {size}。</translation>
    </message>
    <message>
        <source>For that the context is {now} instead of {before} tokens.</source>
        <translation>为此，上下文由 {before} 减至 {now} 词元。</translation>
    </message>
    <message>
        <source>The model has less room: {now} instead of {before} tokens/s, not counting what guesses gain.</source>
        <translation>模型的空间变小：不计候选词元的加速，速度由 {before} 降至 {now} 词元/秒。</translation>
    </message>
    <message>
        <source>The model itself keeps its place and speed.</source>
        <translation>模型本身的位置和速度不变。</translation>
    </message>
</context>
<context>
    <name>DropOverlay</name>
    <message>
        <source>Download from this link</source>
        <translation>从此链接下载</translation>
    </message>
    <message>
        <source>You see what it is before anything is fetched.</source>
        <translation>下载前会先显示其内容。</translation>
    </message>
    <message>
        <source>Attach {n} files to the message</source>
        <translation>将 {n} 个文件附加到消息</translation>
    </message>
    <message>
        <source>Their text goes with your next message.</source>
        <translation>文件中的文字会随下一条消息发送。</translation>
    </message>
    <message>
        <source>Import the chats of {n} files</source>
        <translation>导入 {n} 个文件中的对话</translation>
    </message>
    <message>
        <source>Chats that are here already are not doubled.</source>
        <translation>已有的对话不会重复导入。</translation>
    </message>
    <message>
        <source>Models to the library, chats to the chats, texts to the message.</source>
        <translation>模型加入模型库，对话导入对话列表，文本附加到消息。</translation>
    </message>
    <message>
        <source>Take {n} files</source>
        <translation>接收 {n} 个文件</translation>
    </message>
    <message>
        <source>Look for models in {name}</source>
        <translation>在 {name} 中查找模型</translation>
    </message>
    <message>
        <source>Nothing in the folder is changed.</source>
        <translation>不会更改文件夹中的任何内容。</translation>
    </message>
    <message>
        <source>Add {name} to the library</source>
        <translation>将 {name} 加入模型库</translation>
    </message>
    <message>
        <source>The file stays where it is.</source>
        <translation>文件留在原处。</translation>
    </message>
    <message>
        <source>Import the chats of {name}</source>
        <translation>导入 {name} 中的对话</translation>
    </message>
    <message>
        <source>{name} cannot be attached</source>
        <translation>无法附加 {name}</translation>
    </message>
    <message>
        <source>Text, source, Markdown, CSV, PDF and DOCX files can be attached.</source>
        <translation>可以附加文本、源代码、Markdown、CSV、PDF 和 DOCX 文件。</translation>
    </message>
    <message>
        <source>The table goes as text with your next message.</source>
        <translation>表格会以文本形式随下一条消息发送。</translation>
    </message>
    <message>
        <source>Its text goes with your next message, without pictures.</source>
        <translation>其中的文字会随下一条消息发送，不含图片。</translation>
    </message>
    <message>
        <source>The code goes with your next message.</source>
        <translation>代码会随下一条消息发送。</translation>
    </message>
    <message>
        <source>Attach {name} to the message</source>
        <translation>将 {name} 附加到消息</translation>
    </message>
    <message>
        <source>Its text goes with your next message.</source>
        <translation>其中的文字会随下一条消息发送。</translation>
    </message>
    <message>
        <source>Add {n} files to the library</source>
        <translation>将 {n} 个文件加入模型库</translation>
    </message>
    <message>
        <source>They stay where they are.</source>
        <translation>文件留在原处。</translation>
    </message>
</context>
<context>
    <name>EmptyChat</name>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Explain how transformers work, in plain words</source>
        <translation>用通俗的话解释 Transformer 的工作原理</translation>
    </message>
    <message>
        <source>Write a Python script that renames photos by date</source>
        <translation>写一个按日期重命名照片的 Python 脚本</translation>
    </message>
    <message>
        <source>Why is the square root of 2 irrational?</source>
        <translation>为什么根号 2 是无理数？</translation>
    </message>
    <message>
        <source>Try it with a small question</source>
        <translation>用一个小问题试试</translation>
    </message>
    <message>
        <source>This tiny model is built in, a demonstration by this project, not a DeepSeek release.</source>
        <translation>这是内置的微型模型，由本项目制作，用于演示，并非 DeepSeek 发布的模型。</translation>
    </message>
    <message>
        <source>What do you want to know?</source>
        <translation>您想了解什么？</translation>
    </message>
    <message>
        <source>Everything stays on this PC.</source>
        <translation>一切都留在这台电脑上。</translation>
    </message>
    <message>
        <source>No model is installed yet.</source>
        <translation>还没有安装模型。</translation>
    </message>
    <message>
        <source>A model is downloaded once; after that, chats work without the internet.</source>
        <translation>模型只需下载一次，之后对话无需联网。</translation>
    </message>
</context>
<context>
    <name>EmptySearch</name>
    <message>
        <source>Show them</source>
        <translation>显示它们</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>Nothing to show with these filters</source>
        <translation>没有符合这些筛选条件的模型</translation>
    </message>
    <message>
        <source>1 model matches but is hidden by the filters above.</source>
        <translation>有 1 个模型匹配，但被上面的筛选条件隐藏。</translation>
    </message>
    <message>
        <source>{n} models match but are hidden by the filters above.</source>
        <translation>有 {n} 个模型匹配，但被上面的筛选条件隐藏。</translation>
    </message>
    <message>
        <source>No model called “{name}”</source>
        <translation>没有名为“{name}”的模型</translation>
    </message>
    <message>
        <source>The catalogue of {date} lists {n} DeepSeek models; none has this name.</source>
        <translation>{date} 的目录列出了 {n} 个 DeepSeek 模型，没有一个叫这个名字。</translation>
    </message>
    <message>
        <source>The catalogue lists {n} DeepSeek models; none has this name.</source>
        <translation>目录列出了 {n} 个 DeepSeek 模型，没有一个叫这个名字。</translation>
    </message>
    <message>
        <source>Reading the catalogue…</source>
        <translation>正在读取目录…</translation>
    </message>
    <message>
        <source>Show {name}</source>
        <translation>显示 {name}</translation>
    </message>
</context>
<context>
    <name>EngineCard</name>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>The engine has not listed its devices.</source>
        <translation>引擎尚未列出其设备。</translation>
    </message>
    <message>
        <source>llama.cpp; its version is known after the first load</source>
        <translation>llama.cpp；首次加载后显示版本</translation>
    </message>
    <message>
        <source>Built-in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>Libraries: {name}. {reason}</source>
        <translation>引擎库：{name}。{reason}</translation>
    </message>
</context>
<context>
    <name>EngineCheck</name>
    <message>
        <source>Checked so far</source>
        <translation>检查进度</translation>
    </message>
    <message>
        <source>Stop the check</source>
        <translation>停止检查</translation>
    </message>
    <message>
        <source>Unload the model</source>
        <translation>卸载模型</translation>
    </message>
    <message>
        <source>Choose another engine</source>
        <translation>选择其他引擎</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
    <message>
        <source>Copy report of the check</source>
        <translation>复制检查报告</translation>
    </message>
    <message>
        <source>Checking {what}</source>
        <translation>正在检查 {what}</translation>
    </message>
    <message>
        <source>Making the small models…</source>
        <translation>正在生成小模型…</translation>
    </message>
    <message>
        <source>{n} % checked</source>
        <translation>已检查 {n} %</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>检查已停止。</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Check the engine</source>
        <translation>检查引擎</translation>
    </message>
    <message>
        <source>The engine cannot be checked while a model is loaded: it needs the devices for itself.</source>
        <translation>已加载模型时无法检查引擎：检查需要独占设备。</translation>
    </message>
    <message>
        <source>The engine can be checked when this PC has been measured.</source>
        <translation>测量完本机后即可检查引擎。</translation>
    </message>
    <message>
        <source>It can be checked once the engine has listed its devices.</source>
        <translation>引擎列出其设备后即可检查。</translation>
    </message>
    <message>
        <source>Small models are computed on every device and compared with the processor. This takes seconds.</source>
        <translation>在每个设备上运行小模型，并与处理器的结果比较。只需几秒。</translation>
    </message>
    <message>
        <source>Every device computes what the processor does; the small differences are rounding.</source>
        <translation>每个设备的计算结果都与处理器一致；微小的差异是舍入误差。</translation>
    </message>
</context>
<context>
    <name>EngineChoice</name>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Automatic</source>
        <translation>自动</translation>
    </message>
    <message>
        <source>Built-in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>{name}: in use. {reason}</source>
        <translation>{name}：使用中。{reason}</translation>
    </message>
    <message>
        <source>{name}: ready. {reason}</source>
        <translation>{name}：可用。{reason}</translation>
    </message>
    <message>
        <source>{name}: skipped. {reason}</source>
        <translation>{name}：已跳过。{reason}</translation>
    </message>
</context>
<context>
    <name>FactList</name>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
</context>
<context>
    <name>FigureRow</name>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Thinking first</source>
        <translation>先思考</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Quality kept</source>
        <translation>质量保留</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>Reading your text: {rate} tokens/s. A person reads about 5 tokens/s.</source>
        <translation>读取您的文字：{rate} 词元/秒。人的阅读速度约为 5 词元/秒。</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 词元</translation>
    </message>
    <message>
        <source>What the model can keep in view: your messages, its answers and its thoughts. 0.75 words per token.</source>
        <translation>模型能同时看到的内容：您的消息、它的回答和思考。每个词元约合 0.75 个英文单词。</translation>
    </message>
</context>
<context>
    <name>FileStrip</name>
    <message>
        <source>Chats to and from files</source>
        <translation>对话的导入与导出</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel the export or import</source>
        <translation>取消导出或导入</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>Find in this chat</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Mind capital letters</source>
        <translation>区分大小写</translation>
    </message>
    <message>
        <source>Previous place</source>
        <translation>上一处</translation>
    </message>
    <message>
        <source>Next place</source>
        <translation>下一处</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Previous place (Shift+F3)</source>
        <translation>上一处 (Shift+F3)</translation>
    </message>
    <message>
        <source>Next place (F3)</source>
        <translation>下一处 (F3)</translation>
    </message>
    <message>
        <source>Close (Esc)</source>
        <translation>关闭 (Esc)</translation>
    </message>
    <message>
        <source>nowhere in this chat</source>
        <translation>此对话中没有</translation>
    </message>
    <message>
        <source>{number} of {count}</source>
        <translation>{number} / {count}</translation>
    </message>
</context>
<context>
    <name>FinishedCard</name>
    <message>
        <source>Take {name} off this list; the model stays</source>
        <translation>将 {name} 移出此列表；模型会保留</translation>
    </message>
    <message>
        <source>finished {time}</source>
        <translation>完成于 {time}</translation>
    </message>
    <message>
        <source>sha256 matches</source>
        <translation>sha256 一致</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>开始对话</translation>
    </message>
    <message>
        <source>Chat with {name}</source>
        <translation>与 {name} 对话</translation>
    </message>
</context>
<context>
    <name>FinishedList</name>
    <message>
        <source>Finished today</source>
        <translation>今天完成</translation>
    </message>
    <message>
        <source>Finished earlier</source>
        <translation>较早完成</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
    </message>
</context>
<context>
    <name>FoldHead</name>
    <message>
        <source>Unfolded</source>
        <translation>已展开</translation>
    </message>
    <message>
        <source>Folded</source>
        <translation>已折叠</translation>
    </message>
</context>
<context>
    <name>FolderDialog</name>
    <message>
        <source>Another disk for {name}</source>
        <translation>为 {name} 选择其他磁盘</translation>
    </message>
    <message>
        <source>It needs {size} more. What is already here is moved with it, and it goes on there.</source>
        <translation>还需要 {size}。已有的部分会一起移动，并在那里继续下载。</translation>
    </message>
    <message>
        <source>Where new models go</source>
        <translation>新模型的存放位置</translation>
    </message>
    <message>
        <source>Models that are already here stay where they are and keep working.</source>
        <translation>已有的模型留在原处，仍可使用。</translation>
    </message>
    <message>
        <source>Disks</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>Other folder…</source>
        <translation>其他文件夹…</translation>
    </message>
    <message>
        <source>Move it there</source>
        <translation>移动到那里</translation>
    </message>
    <message>
        <source>Use this disk</source>
        <translation>使用此磁盘</translation>
    </message>
    <message>
        <source>{size} free</source>
        <translation>{size} 空闲</translation>
    </message>
    <message>
        <source>it is here now</source>
        <translation>目前在此</translation>
    </message>
    <message>
        <source>{size} too little</source>
        <translation>还差 {size}</translation>
    </message>
    <message>
        <source>in use now</source>
        <translation>正在使用</translation>
    </message>
    <message>
        <source>Folder for models</source>
        <translation>模型文件夹</translation>
    </message>
</context>
<context>
    <name>GpuCard</name>
    <message>
        <source>Memory speed</source>
        <translation>显存速度</translation>
    </message>
    <message>
        <source>data sheet</source>
        <translation>规格值</translation>
    </message>
    <message>
        <source>Over PCIe</source>
        <translation>PCIe 传输</translation>
    </message>
    <message>
        <source>Driver beside a model</source>
        <translation>驱动额外占用</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>Power now</source>
        <translation>当前功耗</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Driver</source>
        <translation>驱动程序</translation>
    </message>
    <message>
        <source>this engine cannot use it</source>
        <translation>此引擎无法使用</translation>
    </message>
    <message>
        <source>of {speed}</source>
        <translation>规格值 {speed}</translation>
    </message>
    <message>
        <source>limit {watts} W</source>
        <translation>上限 {watts} W</translation>
    </message>
</context>
<context>
    <name>HeroCard</name>
    <message>
        <source>Recommended model</source>
        <translation>推荐的模型</translation>
    </message>
    <message>
        <source>Recommended for this PC</source>
        <translation>推荐用于本机</translation>
    </message>
    <message>
        <source>No graphics card that can help was found</source>
        <translation>没有找到可用的显卡</translation>
    </message>
    <message>
        <source>Goal</source>
        <translation>目标</translation>
    </message>
    <message>
        <source>Balanced</source>
        <translation>均衡</translation>
    </message>
    <message>
        <source>Smartest</source>
        <translation>最聪明</translation>
    </message>
    <message>
        <source>Fastest</source>
        <translation>最快</translation>
    </message>
    <message>
        <source>Longest chats</source>
        <translation>最长对话</translation>
    </message>
    <message>
        <source>Biggest that runs</source>
        <translation>能运行的最大模型</translation>
    </message>
    <message>
        <source>{cpu}, {total}, {free} free</source>
        <translation>{cpu}，{total}，空闲 {free}</translation>
    </message>
    <message>
        <source> Best choice for this computer ({here}):</source>
        <translation>这台电脑（{here}）的最佳选择：</translation>
    </message>
</context>
<context>
    <name>HistoryTable</name>
    <message>
        <source>Predicted and actual</source>
        <translation>预测与实际</translation>
    </message>
    <message>
        <source>Nothing was loaded yet. After the first load both stand here.</source>
        <translation>还没有加载过模型。首次加载后这里会显示两者。</translation>
    </message>
    <message>
        <source>1 load; speed off by {percent} %</source>
        <translation>1 次加载；速度偏差 {percent} %</translation>
    </message>
    <message>
        <source>{n} loads; speed off by {percent} % on average</source>
        <translation>{n} 次加载；速度平均偏差 {percent} %</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Memory, GiB</source>
        <translation>占用，GiB</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>−20 to +20 %</source>
        <translation>−20 至 +20 %</translation>
    </message>
</context>
<context>
    <name>HomePage</name>
    <message>
        <source>Looking at this PC…</source>
        <translation>正在检测本机…</translation>
    </message>
    <message>
        <source>What your PC can run</source>
        <translation>您的电脑可以运行什么</translation>
    </message>
    <message>
        <source>Picked for your hardware: the best answers at a comfortable speed. Your chats stay on this computer.</source>
        <translation>根据您的硬件挑选：在流畅速度下回答最好的模型。对话内容只留在这台电脑上。</translation>
    </message>
    <message>
        <source>Other good choices</source>
        <translation>其他合适的选择</translation>
    </message>
    <message>
        <source>Your PC can run DeepSeek</source>
        <translation>您的电脑可以运行 DeepSeek</translation>
    </message>
    <message>
        <source>No connection to the model hub</source>
        <translation>无法连接模型服务器</translation>
    </message>
    <message>
        <source>No DeepSeek model fits this PC</source>
        <translation>没有适合本机的 DeepSeek 模型</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>Nothing in the catalog fits into this PC&apos;s memory.</source>
        <translation>目录中没有能放进本机内存的模型。</translation>
    </message>
    <message>
        <source>Why not bigger?</source>
        <translation>为什么不选更大的？</translation>
    </message>
</context>
<context>
    <name>HomePresenter</name>
    <message>
        <source>Ranking the models…</source>
        <translation>正在为模型排序…</translation>
    </message>
    <message>
        <source>What is on this PC works as always.</source>
        <translation>本机上已有的内容可照常使用。</translation>
    </message>
    <message>
        <source>Go online</source>
        <translation>联网</translation>
    </message>
    <message>
        <source>Offline mode is on.</source>
        <translation>离线模式已开启。</translation>
    </message>
    <message>
        <source>HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, so nothing is sent.</source>
        <translation>已设置 HF_HUB_OFFLINE 或 TRANSFORMERS_OFFLINE，因此不会发送任何内容。</translation>
    </message>
    <message>
        <source>Test the connection</source>
        <translation>测试连接</translation>
    </message>
    <message>
        <source>This PC is not connected to any network.</source>
        <translation>本机没有连接任何网络。</translation>
    </message>
</context>
<context>
    <name>HomeWords</name>
    <message>
        <source>measured here</source>
        <translation>本机实测</translation>
    </message>
    <message>
        <source>likely {range}</source>
        <translation>大致 {range}</translation>
    </message>
    <message>
        <source>{n}× reading speed</source>
        <translation>阅读速度的 {n} 倍</translation>
    </message>
    <message>
        <source>as fast as you read</source>
        <translation>与阅读速度相当</translation>
    </message>
    <message>
        <source>slower than you read</source>
        <translation>慢于阅读速度</translation>
    </message>
    <message>
        <source>{first}; {second}</source>
        <translation>{first}；{second}</translation>
    </message>
    <message>
        <source>The processor does the work, {n} times as fast as you read.</source>
        <translation>由处理器完成，速度为阅读速度的 {n} 倍。</translation>
    </message>
    <message>
        <source>The processor does the work, a little faster than you read.</source>
        <translation>由处理器完成，比阅读速度略快。</translation>
    </message>
    <message>
        <source>The processor does the work, about as fast as you read.</source>
        <translation>由处理器完成，与阅读速度相当。</translation>
    </message>
    <message>
        <source>The processor does the work, slower than you read.</source>
        <translation>由处理器完成，慢于阅读速度。</translation>
    </message>
    <message>
        <source>Unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>the file shows it when it is loaded</source>
        <translation>加载后可从文件得知</translation>
    </message>
    <message>
        <source>No</source>
        <translation>否</translation>
    </message>
    <message>
        <source>answers at once</source>
        <translation>立即回答</translation>
    </message>
    <message>
        <source>This model does not reason before it answers.</source>
        <translation>此模型回答前不进行推理。</translation>
    </message>
    <message>
        <source>usual, at this speed</source>
        <translation>此速度下的常见时长</translation>
    </message>
    <message>
        <source>usual; can be switched off</source>
        <translation>常见时长；可关闭</translation>
    </message>
    <message>
        <source>Computed: a usual thought of {low} to {high} tokens at {rate} tokens/s. Hard questions take longer.</source>
        <translation>计算得出：通常的思考为 {low} 到 {high} 词元，速度 {rate} 词元/秒。难题需要更久。</translation>
    </message>
    <message>
        <source>s</source>
        <translation>秒</translation>
    </message>
    <message>
        <source>min</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>h</source>
        <translation>小时</translation>
    </message>
    <message>
        <source>about {n} words</source>
        <translation>约 {n} 个英文单词</translation>
    </message>
    <message>
        <source>No loss measured</source>
        <translation>未测出损失</translation>
    </message>
    <message>
        <source>No loss expected</source>
        <translation>预计无损失</translation>
    </message>
    <message>
        <source>Slight loss</source>
        <translation>轻微损失</translation>
    </message>
    <message>
        <source>Clear loss</source>
        <translation>明显损失</translation>
    </message>
    <message>
        <source>Strong loss</source>
        <translation>严重损失</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>未测量</translation>
    </message>
    <message>
        <source>as measured on similar models</source>
        <translation>依据相近模型的测量</translation>
    </message>
</context>
<context>
    <name>JobCard</name>
    <message>
        <source>Progress of {name}</source>
        <translation>{name} 的进度</translation>
    </message>
    <message>
        <source>Use another disk…</source>
        <translation>使用其他磁盘…</translation>
    </message>
</context>
<context>
    <name>JobHead</name>
    <message>
        <source>Chat when done</source>
        <translation>完成后开始对话</translation>
    </message>
    <message>
        <source>Chat when {name} is done</source>
        <translation>{name} 完成后开始对话</translation>
    </message>
    <message>
        <source>Pause {name}</source>
        <translation>暂停 {name}</translation>
    </message>
    <message>
        <source>Resume {name}</source>
        <translation>继续 {name}</translation>
    </message>
    <message>
        <source>More for {name}</source>
        <translation>{name} 的更多操作</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
</context>
<context>
    <name>JobMenu</name>
    <message>
        <source>Move to the top</source>
        <translation>移到最前</translation>
    </message>
    <message>
        <source>Move up</source>
        <translation>上移</translation>
    </message>
    <message>
        <source>Move down</source>
        <translation>下移</translation>
    </message>
    <message>
        <source>Use another disk…</source>
        <translation>使用其他磁盘…</translation>
    </message>
    <message>
        <source>Copy the link</source>
        <translation>复制链接</translation>
    </message>
    <message>
        <source>Show in the folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation>限速</translation>
    </message>
    <message>
        <source>Other…</source>
        <translation>其他…</translation>
    </message>
</context>
<context>
    <name>LengthSection</name>
    <message>
        <source>Think before answering</source>
        <translation>先思考再回答</translation>
    </message>
    <message>
        <source>no limit</source>
        <translation>不限制</translation>
    </message>
    <message>
        <source>Longest thought, tokens</source>
        <translation>思考上限，词元</translation>
    </message>
    <message>
        <source>The thought is closed after so many tokens, and the answer begins.</source>
        <translation>思考达到这么多词元后结束，并开始回答。</translation>
    </message>
    <message>
        <source>Longest answer, tokens</source>
        <translation>回答上限，词元</translation>
    </message>
    <message>
        <source>The answer, with its thought, ends after so many tokens; it can be continued then.</source>
        <translation>回答（含思考）达到这么多词元后结束；之后可以继续。</translation>
    </message>
    <message>
        <source>always on for this model</source>
        <translation>此模型始终先思考</translation>
    </message>
    <message>
        <source>This model does not think first.</source>
        <translation>此模型不会先思考。</translation>
    </message>
    <message>
        <source>Thinking and length</source>
        <translation>思考与长度</translation>
    </message>
</context>
<context>
    <name>Library</name>
    <message>
        <source>Cannot be used: {n}</source>
        <translation>无法使用：{n}</translation>
    </message>
    <message>
        <source>{n} tokens/s</source>
        <translation>{n} 词元/秒</translation>
    </message>
    <message>
        <source>last used {when}</source>
        <translation>上次使用：{when}</translation>
    </message>
    <message>
        <source>newer version</source>
        <translation>有新版本</translation>
    </message>
    <message>
        <source>Fetched here</source>
        <translation>在此下载</translation>
    </message>
    <message>
        <source>Hugging Face cache</source>
        <translation>Hugging Face 缓存</translation>
    </message>
    <message>
        <source>A folder of yours</source>
        <translation>您的文件夹</translation>
    </message>
    <message>
        <source>A file of yours</source>
        <translation>您的文件</translation>
    </message>
    <message>
        <source>never</source>
        <translation>从未</translation>
    </message>
    <message>
        <source>today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>yesterday</source>
        <translation>昨天</translation>
    </message>
    <message>
        <source>{n} days ago</source>
        <translation>{n} 天前</translation>
    </message>
    <message>
        <source>not checked</source>
        <translation>未校验</translation>
    </message>
    <message>
        <source>checksum differs</source>
        <translation>校验和不符</translation>
    </message>
    <message>
        <source>no checksum known</source>
        <translation>没有已知的校验和</translation>
    </message>
    <message>
        <source>verified</source>
        <translation>已校验</translation>
    </message>
    <message>
        <source>verified {date}</source>
        <translation>{date} 已校验</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>Waiting to be verified…</source>
        <translation>等待校验…</translation>
    </message>
    <message>
        <source>Preparing the move…</source>
        <translation>正在准备移动…</translation>
    </message>
    <message>
        <source>Asking the server for newer versions…</source>
        <translation>正在向服务器查询新版本…</translation>
    </message>
    <message>
        <source>Verifying: {done} of {total} read</source>
        <translation>正在校验：已读取 {done} / {total}</translation>
    </message>
    <message>
        <source>Moving: {done} of {total} copied</source>
        <translation>正在移动：已复制 {done} / {total}</translation>
    </message>
</context>
<context>
    <name>LibraryDelegate</name>
    <message>
        <source>newer version</source>
        <translation>有新版本</translation>
    </message>
    <message>
        <source>{n} tokens/s</source>
        <translation>{n} 词元/秒</translation>
    </message>
</context>
<context>
    <name>LibraryPage</name>
    <message>
        <source>Models on this PC</source>
        <translation>本机上的模型</translation>
    </message>
    <message>
        <source>On this PC</source>
        <translation>本机模型</translation>
    </message>
    <message>
        <source>Add a file…</source>
        <translation>添加文件…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Search the models on this PC</source>
        <translation>搜索本机上的模型</translation>
    </message>
    <message>
        <source>Name, size or folder</source>
        <translation>名称、大小或文件夹</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>排序方式</translation>
    </message>
    <message>
        <source>Last used first</source>
        <translation>最近使用的在前</translation>
    </message>
    <message>
        <source>By name</source>
        <translation>按名称</translation>
    </message>
    <message>
        <source>Largest first</source>
        <translation>最大的在前</translation>
    </message>
    <message>
        <source>Look for updates</source>
        <translation>检查更新</translation>
    </message>
    <message>
        <source>Asks the download server once; nothing is fetched.</source>
        <translation>向下载服务器查询一次，不会下载任何内容。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Stop looking for updates</source>
        <translation>停止检查更新</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>No model on this PC is called “{name}”.</source>
        <translation>本机上没有名为“{name}”的模型。</translation>
    </message>
    <message>
        <source>No model is on this PC yet. What you fetch is listed here, and what LM Studio, Ollama, Jan, GPT4All, llama.cpp and the Hugging Face tools have put on the disk. GGUF files can be dropped on the window.</source>
        <translation>本机上还没有模型。您下载的模型会列在这里，LM Studio、Ollama、Jan、GPT4All、llama.cpp 和 Hugging Face 工具存到磁盘上的也会列出。可以把 GGUF 文件拖放到窗口上。</translation>
    </message>
    <message>
        <source>Looking at the disk…</source>
        <translation>正在查看磁盘…</translation>
    </message>
    <message>
        <source>1 model, {size}</source>
        <translation>1 个模型，{size}</translation>
    </message>
    <message>
        <source>{n} models, {size}</source>
        <translation>{n} 个模型，{size}</translation>
    </message>
    <message>
        <source>{size} of them fetched here</source>
        <translation>其中 {size} 在此下载</translation>
    </message>
</context>
<context>
    <name>LibraryPanel</name>
    <message>
        <source>Chosen model</source>
        <translation>所选模型</translation>
    </message>
    <message>
        <source>Keep this version</source>
        <translation>保留此版本</translation>
    </message>
    <message>
        <source>No newer version of it is offered.</source>
        <translation>不再提示它的新版本。</translation>
    </message>
    <message>
        <source>{n} tokens/s</source>
        <translation>{n} 词元/秒</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Where it runs</source>
        <translation>运行位置</translation>
    </message>
    <message>
        <source>Speed, estimate</source>
        <translation>速度（估算）</translation>
    </message>
    <message>
        <source>Where from</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>上次使用</translation>
    </message>
    <message>
        <source>Checksum</source>
        <translation>校验和</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>The bytes differ from what was published: {files}.</source>
        <translation>内容与发布的不一致：{files}。</translation>
    </message>
    <message>
        <source>A newer version exists: {size}</source>
        <translation>有新版本：{size}</translation>
    </message>
    <message>
        <source>Chat with {name}</source>
        <translation>与 {name} 对话</translation>
    </message>
    <message>
        <source>Verify {name}</source>
        <translation>校验 {name}</translation>
    </message>
    <message>
        <source>Move {name} to another disk</source>
        <translation>将 {name} 移到其他磁盘</translation>
    </message>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Removing it frees {size}. It can be fetched again.</source>
        <translation>移除会释放 {size}。以后可以重新下载。</translation>
    </message>
    <message>
        <source>You added this file where it lies. Only this list forgets it; the file stays.</source>
        <translation>此文件由您在原处添加。只会从此列表中移除，文件会保留。</translation>
    </message>
    <message>
        <source>It lies in a folder of yours that is searched for models, so it is not deleted from here. Settings, Models and storage has the list of folders.</source>
        <translation>它位于您设置的模型搜索文件夹中，因此不会在这里删除。文件夹列表在“设置”的“模型与存储”中。</translation>
    </message>
    <message>
        <source>It came with {origin} and may be in use there, so it is not deleted from here. Delete it in its folder or with that program; this list follows.</source>
        <translation>它来自 {origin}，可能正被其使用，因此不会在这里删除。请在其文件夹中或用该程序删除，此列表会随之更新。</translation>
    </message>
    <message>
        <source>Delete {size}</source>
        <translation>删除 {size}</translation>
    </message>
    <message>
        <source>Update</source>
        <translation>更新</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Fetch again</source>
        <translation>重新下载</translation>
    </message>
    <message>
        <source>Verify</source>
        <translation>校验</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Move to another disk…</source>
        <translation>移到其他磁盘…</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>移除…</translation>
    </message>
    <message>
        <source>Take it off the list</source>
        <translation>从列表中移除</translation>
    </message>
    <message>
        <source>Show its folder</source>
        <translation>显示其文件夹</translation>
    </message>
    <message>
        <source>Keep it</source>
        <translation>保留</translation>
    </message>
</context>
<context>
    <name>LibraryPresenter</name>
    <message>
        <source>Reading the headers…</source>
        <translation>正在读取文件头部…</translation>
    </message>
    <message>
        <source>None of the {n} can be used.</source>
        <translation>这 {n} 个都无法使用。</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>{name} is in the library now.</source>
        <translation>{name} 已加入模型库。</translation>
    </message>
    <message>
        <source>{n} models are in the library now.</source>
        <translation>{n} 个模型已加入模型库。</translation>
    </message>
    <message>
        <source>{name} is complete and unchanged.</source>
        <translation>{name} 完整无误。</translation>
    </message>
    <message>
        <source>Its sha256 is the one of {source}.</source>
        <translation>其 sha256 与来源一致：{source}。</translation>
    </message>
    <message>
        <source>{name} was read to its end.</source>
        <translation>{name} 已完整读取。</translation>
    </message>
    <message>
        <source>Nobody has published a checksum to compare it with; its header is sound.</source>
        <translation>没有公布过可供比对的校验和；其头部正常。</translation>
    </message>
    <message>
        <source>{name} is damaged.</source>
        <translation>{name} 已损坏。</translation>
    </message>
    <message>
        <source>Not as {source} says: {n} of {m} files.</source>
        <translation>与{source}给出的校验和不符：{m} 个文件中的 {n} 个。</translation>
    </message>
    <message>
        <source>Its header does not fit its size: it is not complete.</source>
        <translation>其文件头与大小不符：文件不完整。</translation>
    </message>
    <message>
        <source>Fetch it again</source>
        <translation>重新下载</translation>
    </message>
    <message>
        <source>Show in folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>{name} was moved.</source>
        <translation>{name} 已移动。</translation>
    </message>
    <message>
        <source>{name} was removed: {size} are free again.</source>
        <translation>{name} 已移除：释放了 {size}。</translation>
    </message>
    <message>
        <source>{name} is off the list; the file stays where it is.</source>
        <translation>{name} 已从列表中移除，文件留在原处。</translation>
    </message>
    <message>
        <source>Newer versions exist: {n}.</source>
        <translation>有新版本：{n} 个。</translation>
    </message>
    <message>
        <source>Each model with one says so. Nothing is fetched until you want it; the old version stays.</source>
        <translation>有新版本的模型会注明。未经您同意不会下载；旧版本会保留。</translation>
    </message>
    <message>
        <source>Every model is the newest version.</source>
        <translation>所有模型都是最新版本。</translation>
    </message>
    <message>
        <source>Move {name} to</source>
        <translation>将 {name} 移动到</translation>
    </message>
    <message>
        <source>Add model files</source>
        <translation>添加模型文件</translation>
    </message>
    <message>
        <source>GGUF models (*.gguf)</source>
        <translation>GGUF 模型 (*.gguf)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Look for models in</source>
        <translation>选择要搜索模型的文件夹</translation>
    </message>
</context>
<context>
    <name>LicencesDialog</name>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Everything this program consists of, under which licence, and where its source is.</source>
        <translation>此程序的所有组成部分、各自的许可证以及源代码的位置。</translation>
    </message>
    <message>
        <source>Find a component</source>
        <translation>查找组件</translation>
    </message>
    <message>
        <source>Components</source>
        <translation>组件</translation>
    </message>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
    <message>
        <source>Licence text</source>
        <translation>许可证文本</translation>
    </message>
    <message>
        <source>Copy the text</source>
        <translation>复制文本</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Source: {address}</source>
        <translation>源代码：{address}</translation>
    </message>
</context>
<context>
    <name>LimitDialog</name>
    <message>
        <source>Speed limit of {name}</source>
        <translation>{name} 的限速</translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation>限速</translation>
    </message>
    <message>
        <source>In megabytes per second; 8 of them are 64 megabits.</source>
        <translation>以兆字节/秒为单位；8 兆字节等于 64 兆比特。</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>不限速</translation>
    </message>
    <message>
        <source>Set the limit</source>
        <translation>设置限速</translation>
    </message>
</context>
<context>
    <name>LinkDialog</name>
    <message>
        <source>Open link</source>
        <translation>打开链接</translation>
    </message>
    <message>
        <source>Open this address in your browser?</source>
        <translation>在浏览器中打开此地址？</translation>
    </message>
    <message>
        <source>Open</source>
        <translation>打开</translation>
    </message>
    <message>
        <source>This address is not one that can be opened from a chat.</source>
        <translation>此地址不能从对话中打开。</translation>
    </message>
    <message>
        <source>Copy address</source>
        <translation>复制地址</translation>
    </message>
</context>
<context>
    <name>ListHead</name>
    <message>
        <source>Search models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Name, size, or paste a link to a GGUF</source>
        <translation>名称或大小，也可粘贴 GGUF 链接</translation>
    </message>
    <message>
        <source>Sort by</source>
        <translation>排序方式</translation>
    </message>
    <message>
        <source>Best first</source>
        <translation>最佳优先</translation>
    </message>
    <message>
        <source>Fastest</source>
        <translation>最快</translation>
    </message>
    <message>
        <source>Smallest</source>
        <translation>最小</translation>
    </message>
    <message>
        <source>Newest</source>
        <translation>最新</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>{n} of {m} models</source>
        <translation>{n} / {m} 个模型</translation>
    </message>
    <message>
        <source>Installed {n}</source>
        <translation>已安装 {n}</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>已安装</translation>
    </message>
    <message>
        <source>Runs on that machine</source>
        <translation>该电脑可运行</translation>
    </message>
    <message>
        <source>Runs on this PC</source>
        <translation>本机可运行</translation>
    </message>
    <message>
        <source>Reasoning</source>
        <translation>推理</translation>
    </message>
    <message>
        <source>Code</source>
        <translation>编程</translation>
    </message>
    <message>
        <source>Reading the header of {link}…</source>
        <translation>正在读取 {link} 的文件头部…</translation>
    </message>
</context>
<context>
    <name>LoadTable</name>
    <message>
        <source>This load</source>
        <translation>本次加载</translation>
    </message>
    <message>
        <source>Predicted</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>Actual</source>
        <translation>实际</translation>
    </message>
    <message>
        <source>Memory, GiB</source>
        <translation>占用，GiB</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>First token, s</source>
        <translation>首个词元，秒</translation>
    </message>
    <message>
        <source>Loading, s</source>
        <translation>加载，秒</translation>
    </message>
    <message>
        <source>{device}, GiB</source>
        <translation>{device}，GiB</translation>
    </message>
    <message>
        <source>{name}, predicted</source>
        <translation>{name}，预测</translation>
    </message>
    <message>
        <source>{name}, actual</source>
        <translation>{name}，实际</translation>
    </message>
    <message>
        <source>Slower than predicted: {actual} instead of {range} tokens/s.</source>
        <translation>慢于预测：{actual} 词元/秒，而不是 {range}。</translation>
    </message>
    <message>
        <source>Faster than predicted: {actual} instead of {range} tokens/s.</source>
        <translation>快于预测：{actual} 词元/秒，而不是 {range}。</translation>
    </message>
</context>
<context>
    <name>LoadingPresenter</name>
    <message>
        <source>Planning on the memory that is free now…</source>
        <translation>正在按当前空闲的内存规划…</translation>
    </message>
    <message>
        <source>The engine checks the plan…</source>
        <translation>引擎正在检查方案…</translation>
    </message>
    <message>
        <source>Not enough memory: planning with less…</source>
        <translation>内存不足：正在缩减方案…</translation>
    </message>
    <message>
        <source>Loading {model}: {placement}</source>
        <translation>正在加载 {model}：{placement}</translation>
    </message>
    <message>
        <source>Reading the weights</source>
        <translation>正在读取权重</translation>
    </message>
    <message>
        <source>Making room for the context</source>
        <translation>正在为上下文分配空间</translation>
    </message>
    <message>
        <source>Warming up</source>
        <translation>正在预热</translation>
    </message>
    <message>
        <source>Loading the draft model</source>
        <translation>正在加载草稿模型</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>{done} of {all}</source>
        <translation>{done} / {all}</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>LoadingStrip</name>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel loading</source>
        <translation>取消加载</translation>
    </message>
    <message>
        <source>Loading with less</source>
        <translation>加载时的缩减</translation>
    </message>
</context>
<context>
    <name>MachineDialog</name>
    <message>
        <source>Plan for another machine</source>
        <translation>为其他电脑规划</translation>
    </message>
    <message>
        <source>The table shows what would run there and how fast. Nothing is changed on this PC.</source>
        <translation>表格会显示哪些模型能在那台电脑上运行，以及速度如何。本机不会有任何改动。</translation>
    </message>
    <message>
        <source>Graphics card</source>
        <translation>显卡</translation>
    </message>
    <message>
        <source>For example {name}; empty for none</source>
        <translation>例如 {name}；没有则留空</translation>
    </message>
    <message>
        <source>Number of cards</source>
        <translation>显卡数量</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Plan for it</source>
        <translation>开始规划</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>MeasureStrip</name>
    <message>
        <source>Measuring this PC</source>
        <translation>正在测量本机</translation>
    </message>
    <message>
        <source>Measured so far</source>
        <translation>测量进度</translation>
    </message>
    <message>
        <source>Leave the PC alone for this half minute; other programs make the figures worse than they are.</source>
        <translation>这半分钟内请勿使用电脑；其他程序会使测得的结果比实际差。</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Measuring {what}</source>
        <translation>正在测量 {what}</translation>
    </message>
    <message>
        <source>Asking the engine for its devices…</source>
        <translation>正在向引擎查询设备…</translation>
    </message>
    <message>
        <source>{n} % measured</source>
        <translation>已测量 {n} %</translation>
    </message>
</context>
<context>
    <name>Memory</name>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>KV</source>
        <comment>short for KV cache</comment>
        <translation>KV</translation>
    </message>
    <message>
        <source>Weights</source>
        <translation>权重</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>Compute</source>
        <translation>计算</translation>
    </message>
    <message>
        <source>Other programs</source>
        <translation>其他程序</translation>
    </message>
    <message>
        <source>Free</source>
        <translation>空闲</translation>
    </message>
</context>
<context>
    <name>MessageEditor</name>
    <message>
        <source>Edited message</source>
        <translation>编辑后的消息</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>MessageList</name>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>MessagePresenter</name>
    <message>
        <source>Deleted 1 message</source>
        <translation>已删除 1 条消息</translation>
    </message>
    <message>
        <source>Deleted {count} messages</source>
        <translation>已删除 {count} 条消息</translation>
    </message>
</context>
<context>
    <name>MeterPanel</name>
    <message>
        <source>Meters</source>
        <translation>仪表</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>处理器</translation>
    </message>
    <message>
        <source>Processor load</source>
        <translation>处理器负载</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>last 60 s</source>
        <translation>最近 60 秒</translation>
    </message>
    <message>
        <source>Tokens per joule of the graphics cards: tokens/s divided by watts</source>
        <translation>显卡每焦耳的词元数：词元/秒除以瓦数</translation>
    </message>
    <message>
        <source>Tokens per second, last 60 seconds</source>
        <translation>每秒词元数，最近 60 秒</translation>
    </message>
    <message>
        <source>predicted {range}</source>
        <translation>预测 {range}</translation>
    </message>
    <message>
        <source>{load} of {n} cores</source>
        <translation>{n} 核的 {load}</translation>
    </message>
    <message>
        <source>{load} of 1 core</source>
        <translation>1 个核心的 {load}</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source> tokens/s</source>
        <translation> 词元/秒</translation>
    </message>
    <message>
        <source>{n} per joule</source>
        <translation>每焦耳 {n}</translation>
    </message>
</context>
<context>
    <name>ModelChoice</name>
    <message>
        <source>Download a model first.</source>
        <translation>请先下载一个模型。</translation>
    </message>
    <message>
        <source>always on for this model</source>
        <translation>此模型始终先思考</translation>
    </message>
    <message>
        <source>this model does not think first</source>
        <translation>此模型不会先思考</translation>
    </message>
</context>
<context>
    <name>ModelPicker</name>
    <message>
        <source>no model</source>
        <translation>无模型</translation>
    </message>
    <message>
        <source>not loaded</source>
        <translation>未加载</translation>
    </message>
    <message>
        <source>loading</source>
        <translation>加载中</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>answering</source>
        <translation>回答中</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Model: {name}, {state}</source>
        <translation>模型：{name}，{state}</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Installed models</source>
        <translation>已安装的模型</translation>
    </message>
    <message>
        <source>No model is installed</source>
        <translation>没有安装模型</translation>
    </message>
    <message>
        <source>{size}, built in, not a DeepSeek release</source>
        <translation>{size}，内置，并非 DeepSeek 发布</translation>
    </message>
    <message>
        <source>More models…</source>
        <translation>更多模型…</translation>
    </message>
</context>
<context>
    <name>ModelSection</name>
    <message>
        <source>Model of this chat</source>
        <translation>此对话的模型</translation>
    </message>
    <message>
        <source>Whichever is loaded</source>
        <translation>当前加载的模型</translation>
    </message>
    <message>
        <source>{name} (not here any more)</source>
        <translation>{name}（已不在本机）</translation>
    </message>
    <message>
        <source>A model</source>
        <translation>某个模型</translation>
    </message>
    <message>
        <source>Until it is back, whichever model is loaded answers.</source>
        <translation>在它恢复之前，由当前加载的模型回答。</translation>
    </message>
    <message>
        <source>It is loaded with the next message of this chat, if another one is in use then.</source>
        <translation>发送此对话的下一条消息时，如果正在使用其他模型，则会加载它。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>all on card</source>
        <translation>全在显卡上</translation>
    </message>
    <message>
        <source>all on {n} cards</source>
        <translation>全在 {n} 张显卡上</translation>
    </message>
    <message>
        <source>{n} of {m} layers on card</source>
        <translation>{m} 层中 {n} 层在显卡</translation>
    </message>
    <message>
        <source>only {size} RAM left</source>
        <translation>内存仅剩 {size}</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>放不下</translation>
    </message>
    <message>
        <source>needs {size} more</source>
        <translation>还差 {size}</translation>
    </message>
    <message>
        <source>card and RAM</source>
        <translation>显卡和内存</translation>
    </message>
    <message>
        <source>all in RAM</source>
        <translation>全在内存中</translation>
    </message>
    <message>
        <source>partly from disk</source>
        <translation>部分从磁盘读取</translation>
    </message>
    <message>
        <source>this engine cannot load it</source>
        <translation>此引擎无法加载</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>no loss</source>
        <translation>无损失</translation>
    </message>
    <message>
        <source>slight loss</source>
        <translation>轻微损失</translation>
    </message>
    <message>
        <source>clear loss</source>
        <translation>明显损失</translation>
    </message>
    <message>
        <source>strong loss</source>
        <translation>严重损失</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>未测量</translation>
    </message>
    <message>
        <source>as published</source>
        <translation>与发布版相同</translation>
    </message>
    <message>
        <source>estimated</source>
        <translation>估计</translation>
    </message>
    <message>
        <source>uncompressed</source>
        <translation>未压缩</translation>
    </message>
    <message>
        <source>{total}, {active} active</source>
        <translation>{total}，激活 {active}</translation>
    </message>
    <message>
        <source>{total} parameters</source>
        <translation>{total} 参数</translation>
    </message>
    <message>
        <source>{total} parameters, {active} active per token</source>
        <translation>{total} 参数，每词元激活 {active}</translation>
    </message>
    <message>
        <source>file on this PC, not in the catalogue</source>
        <translation>本机上的文件，不在目录中</translation>
    </message>
    <message>
        <source>file on this PC</source>
        <translation>本机上的文件</translation>
    </message>
    <message>
        <source>reasoning</source>
        <translation>推理</translation>
    </message>
    <message>
        <source>{bits} bits</source>
        <translation>{bits} 位</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>{size} here</source>
        <translation>已有 {size}</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>paused</source>
        <translation>已暂停</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>verifying</source>
        <translation>校验中</translation>
    </message>
    <message>
        <source>d MMM yyyy</source>
        <comment>date as QLocale.toString takes it</comment>
        <translation>yyyy年M月d日</translation>
    </message>
    <message>
        <source>It does not fit: {size} too little.</source>
        <translation>放不下：还差 {size}。</translation>
    </message>
    <message>
        <source>It does not fit.</source>
        <translation>放不下。</translation>
    </message>
    <message>
        <source>No single slider is enough; “Back to recommended” searches all of them.</source>
        <translation>只调一个滑块不够；“恢复推荐值”会搜索全部滑块的组合。</translation>
    </message>
    <message>
        <source>With a context of {n} it fits.</source>
        <translation>上下文为 {n} 时放得下。</translation>
    </message>
    <message>
        <source>With KV cache {kind} it fits.</source>
        <translation>KV 缓存用 {kind} 时放得下。</translation>
    </message>
    <message>
        <source>With {n} of {m} layers on the graphics card it fits.</source>
        <translation>{m} 层中 {n} 层在显卡上时放得下。</translation>
    </message>
    <message>
        <source>With the experts of {n} of {m} layers on the graphics card it fits.</source>
        <translation>{m} 层中 {n} 层的专家在显卡上时放得下。</translation>
    </message>
    <message>
        <source>Without the draft it fits.</source>
        <translation>不使用草稿模型就放得下。</translation>
    </message>
    <message>
        <source>With the automatic load mode it fits.</source>
        <translation>使用自动加载方式即可放下。</translation>
    </message>
    <message>
        <source>With a batch of {n} it fits.</source>
        <translation>批大小为 {n} 时放得下。</translation>
    </message>
    <message>
        <source>Without the card limit it fits.</source>
        <translation>取消显存上限后放得下。</translation>
    </message>
    <message>
        <source>{size} RAM</source>
        <translation>{size} 内存</translation>
    </message>
    <message>
        <source>No graphics card</source>
        <translation>无显卡</translation>
    </message>
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>From links</source>
        <translation>来自链接</translation>
    </message>
</context>
<context>
    <name>ModelsTree</name>
    <message>
        <source>Where it runs: card, RAM</source>
        <translation>运行位置：显卡、内存</translation>
    </message>
    <message>
        <source>Where it runs: RAM</source>
        <translation>运行位置：内存</translation>
    </message>
    <message>
        <source>Model and size</source>
        <translation>模型和大小</translation>
    </message>
    <message>
        <source>Download</source>
        <translation>下载</translation>
    </message>
    <message>
        <source>Tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>Quality</source>
        <translation>质量</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>已就绪</translation>
    </message>
    <message>
        <source>{n} sizes</source>
        <translation>{n} 种大小</translation>
    </message>
    <message>
        <source>{rate} tokens/s ({range})</source>
        <translation>{rate} 词元/秒（{range}）</translation>
    </message>
    <message>
        <source>recommended</source>
        <translation>推荐</translation>
    </message>
    <message>
        <source>ready</source>
        <translation>已就绪</translation>
    </message>
    <message>
        <source>Download · {size}</source>
        <translation>下载 · {size}</translation>
    </message>
    <message>
        <source>Show {n} more sizes</source>
        <translation>再显示 {n} 种大小</translation>
    </message>
    <message>
        <source>Show 1 more size</source>
        <translation>再显示 1 种大小</translation>
    </message>
    <message>
        <source>1 model does not fit, answers below 1 token/s, or needs another engine. {link}</source>
        <translation>1 个模型放不下、低于 1 词元/秒，或需要其他引擎。{link}</translation>
    </message>
    <message>
        <source>{n} models do not fit, answer below 1 token/s, or need another engine. {link}</source>
        <translation>{n} 个模型放不下、低于 1 词元/秒，或需要其他引擎。{link}</translation>
    </message>
    <message>
        <source>Show them and what they need</source>
        <translation>显示它们及其需求</translation>
    </message>
</context>
<context>
    <name>ModelsTreeView</name>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
</context>
<context>
    <name>MoreLevers</name>
    <message>
        <source>More levers</source>
        <translation>更多选项</translation>
    </message>
    <message>
        <source>Threads</source>
        <translation>线程</translation>
    </message>
    <message>
        <source>Load mode</source>
        <translation>加载方式</translation>
    </message>
    <message>
        <source>NUMA</source>
        <translation>NUMA</translation>
    </message>
    <message>
        <source>Unfolded</source>
        <translation>已展开</translation>
    </message>
    <message>
        <source>Folded</source>
        <translation>已折叠</translation>
    </message>
    <message>
        <source>1 thread</source>
        <translation>1 个线程</translation>
    </message>
    <message>
        <source>{n} threads</source>
        <translation>{n} 个线程</translation>
    </message>
    <message>
        <source>NUMA {mode}</source>
        <translation>NUMA {mode}</translation>
    </message>
    <message>
        <source>{n} of {m}</source>
        <translation>{n} / {m}</translation>
    </message>
    <message>
        <source>1 core</source>
        <translation>1 个核心</translation>
    </message>
    <message>
        <source>{n} cores</source>
        <translation>{n} 个核心</translation>
    </message>
    <message>
        <source>{figure}, {cores}.</source>
        <translation>{figure}，{cores}。</translation>
    </message>
    <message>
        <source>Automatic: {n}, measured on this PC.</source>
        <translation>自动：{n}，在这台电脑上测得。</translation>
    </message>
    <message>
        <source>Automatic: {n}. Where another number may be faster, the engine measures after loading.</source>
        <translation>自动：{n}。如果其他数目可能更快，引擎会在加载后测量。</translation>
    </message>
    <message>
        <source>More threads than cores seldom make it faster, and other programs get slower.</source>
        <translation>线程多于核心很少会更快，其他程序也会变慢。</translation>
    </message>
    <message>
        <source>Other programs keep the rest of the processor; what it computes takes longer.</source>
        <translation>处理器的其余部分留给其他程序；由处理器完成的计算会更久。</translation>
    </message>
    <message>
        <source>Set by hand: the engine tries no other number.</source>
        <translation>手动设定：引擎不会尝试其他数目。</translation>
    </message>
    <message>
        <source>The predicted speed does not follow this lever.</source>
        <translation>预测速度不随此项变化。</translation>
    </message>
    <message>
        <source>automatic ({mode})</source>
        <translation>自动（{mode}）</translation>
    </message>
    <message>
        <source>mapped (mmap)</source>
        <translation>映射（mmap）</translation>
    </message>
    <message>
        <source>The file serves as memory: the quickest start, and the only way in which a model may be larger than the RAM. When other programs need the memory, parts are read from the disk again and answers stall.</source>
        <translation>文件直接当作内存使用：启动最快，也是模型可以大于内存的唯一方式。其他程序需要内存时，部分内容要重新从磁盘读取，回答会停顿。</translation>
    </message>
    <message>
        <source>read into memory (none)</source>
        <translation>读入内存（none）</translation>
    </message>
    <message>
        <source>Everything is read before the first answer: a slower start, and it has to fit. The file itself is not needed afterwards.</source>
        <translation>第一次回答之前全部读入：启动较慢，而且必须放得下。之后不再需要文件本身。</translation>
    </message>
    <message>
        <source>read and held (mlock)</source>
        <translation>读入并锁定（mlock）</translation>
    </message>
    <message>
        <source>As “read into memory”, and the system may not move it out: no stalls, but other programs have that much less. It has to fit, and the system has to allow it.</source>
        <translation>与“读入内存”相同，并且系统不得将其移出：不会停顿，但其他程序可用的内存相应减少。必须放得下，并且需要系统允许。</translation>
    </message>
    <message>
        <source>mapped and held (mmap+mlock)</source>
        <translation>映射并锁定（mmap+mlock）</translation>
    </message>
    <message>
        <source>As “mapped”, and the system may not move it out: no stalls, but other programs have that much less. It has to fit, and the system has to allow it.</source>
        <translation>与“映射”相同，并且系统不得将其移出：不会停顿，但其他程序可用的内存相应减少。必须放得下，并且需要系统允许。</translation>
    </message>
    <message>
        <source>past the file cache (direct I/O)</source>
        <translation>绕过文件缓存（direct I/O）</translation>
    </message>
    <message>
        <source>As “read into memory”, without a second copy in the system&apos;s file cache: the next load reads the disk again. It has to fit; Linux and Windows only, and not on every disk.</source>
        <translation>与“读入内存”相同，但不在系统文件缓存中另存一份：下次加载要重新读取磁盘。必须放得下；仅限 Linux 和 Windows，且并非所有磁盘都支持。</translation>
    </message>
    <message>
        <source>Threads are spread evenly over the {n} memory nodes. Parts of the file that are in memory already stay on the node where they are.</source>
        <translation>线程平均分布到 {n} 个内存节点。文件中已在内存里的部分留在原来的节点。</translation>
    </message>
    <message>
        <source>All threads stay on the node where the engine starts: memory is near, the cores of the other nodes rest.</source>
        <translation>所有线程留在引擎启动时所在的节点：内存就近，其他节点的核心闲置。</translation>
    </message>
    <message>
        <source>left to the system (off)</source>
        <translation>交给系统（off）</translation>
    </message>
    <message>
        <source>The system places threads and memory by itself.</source>
        <translation>线程和内存由系统自行安排。</translation>
    </message>
    <message>
        <source>spread over all nodes (distribute)</source>
        <translation>分布到所有节点（distribute）</translation>
    </message>
    <message>
        <source>one node alone (isolate)</source>
        <translation>仅用一个节点（isolate）</translation>
    </message>
</context>
<context>
    <name>NavRail</name>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
    </message>
</context>
<context>
    <name>NetworkBar</name>
    <message>
        <source>No connection to {host}</source>
        <translation>无法连接 {host}</translation>
    </message>
    <message>
        <source>Downloads wait and go on by themselves.</source>
        <translation>下载会等待，恢复后自动继续。</translation>
    </message>
    <message>
        <source>Next try in {time}.</source>
        <translation>将在 {time}后重试。</translation>
    </message>
    <message>
        <source>Try now</source>
        <translation>立即重试</translation>
    </message>
    <message>
        <source>Use a mirror…</source>
        <translation>使用镜像…</translation>
    </message>
    <message>
        <source>Check proxy</source>
        <translation>检查代理</translation>
    </message>
    <message>
        <source>Nothing goes to the network, so downloads wait until you go online.</source>
        <translation>不会访问网络，下载会等到您联网后再继续。</translation>
    </message>
    <message>
        <source>Offline mode is on</source>
        <translation>离线模式已开启</translation>
    </message>
    <message>
        <source>Go online</source>
        <translation>联网</translation>
    </message>
    <message>
        <source>Chats and the installed model work as always.</source>
        <translation>对话和已安装的模型可照常使用。</translation>
    </message>
    <message>
        <source>Chats and the {n} installed models work as always.</source>
        <translation>对话和已安装的 {n} 个模型可照常使用。</translation>
    </message>
</context>
<context>
    <name>NetworkSection</name>
    <message>
        <source>Network</source>
        <translation>网络</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>If empty, HF_ENDPOINT of the environment is used: {address}</source>
        <translation>留空则使用环境变量 HF_ENDPOINT：{address}</translation>
    </message>
    <message>
        <source>If empty, {address} is used. A mirror speaks the same protocol.</source>
        <translation>留空则使用 {address}。镜像使用相同的协议。</translation>
    </message>
    <message>
        <source>Download server</source>
        <translation>下载服务器</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation>测试连接</translation>
    </message>
    <message>
        <source>Address of a Hugging Face mirror.</source>
        <translation>Hugging Face 镜像的地址。</translation>
    </message>
    <message>
        <source>Proxy</source>
        <translation>代理</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Own address</source>
        <translation>自定义地址</translation>
    </message>
    <message>
        <source>The way to the server, where a network asks for one.</source>
        <translation>部分网络要求通过代理连接服务器。</translation>
    </message>
    <message>
        <source>Proxy address</source>
        <translation>代理地址</translation>
    </message>
    <message>
        <source>Proxy user</source>
        <translation>代理用户名</translation>
    </message>
    <message>
        <source>User, if it asks for one</source>
        <translation>用户名（如代理要求）</translation>
    </message>
    <message>
        <source>Proxy password</source>
        <translation>代理密码</translation>
    </message>
    <message>
        <source>Password</source>
        <translation>密码</translation>
    </message>
    <message>
        <source>http, https or socks5. The password is kept apart from the settings file.</source>
        <translation>http、https 或 socks5。密码不保存在设置文件中。</translation>
    </message>
    <message>
        <source>Choose a file…</source>
        <translation>选择文件…</translation>
    </message>
    <message>
        <source>Choose a file of certificates</source>
        <translation>选择证书文件</translation>
    </message>
    <message>
        <source>Use none</source>
        <translation>不使用</translation>
    </message>
    <message>
        <source>Use no extra certificates</source>
        <translation>不使用附加证书</translation>
    </message>
    <message>
        <source>A PEM file beside the system&apos;s own certificates, for networks that inspect traffic.</source>
        <translation>系统证书之外的 PEM 文件，用于会检查流量的网络。</translation>
    </message>
    <message>
        <source>Extra certificates</source>
        <translation>附加证书</translation>
    </message>
    <message>
        <source>Offline mode</source>
        <translation>离线模式</translation>
    </message>
    <message>
        <source>Nothing goes to the network until this is switched off.</source>
        <translation>关闭此模式前不会访问网络。</translation>
    </message>
    <message>
        <source>Enter…</source>
        <translation>输入…</translation>
    </message>
    <message>
        <source>Enter an access token</source>
        <translation>输入访问令牌</translation>
    </message>
    <message>
        <source>Forget</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Forget the access token</source>
        <translation>清除访问令牌</translation>
    </message>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>A password needs a user.</source>
        <translation>使用密码需要填写用户名。</translation>
    </message>
</context>
<context>
    <name>Notifications</name>
    <message>
        <source>{name} is ready</source>
        <translation>{name} 已就绪</translation>
    </message>
    <message>
        <source>It is complete and checked. Click to chat with it.</source>
        <translation>下载完整，校验无误。点击即可对话。</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>{n} models are ready</source>
        <translation>{n} 个模型已就绪</translation>
    </message>
    <message>
        <source>Show</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>{name} needs you</source>
        <translation>{name} 需要您操作</translation>
    </message>
    <message>
        <source>{n} downloads need you</source>
        <translation>{n} 个下载需要您操作</translation>
    </message>
</context>
<context>
    <name>NumberRow</name>
    <message>
        <source>Reset {name}</source>
        <translation>重置 {name}</translation>
    </message>
    <message>
        <source>{name}, slider</source>
        <translation>{name}，滑块</translation>
    </message>
    <message>
        <source>instead of {value}</source>
        <translation>代替 {value}</translation>
    </message>
    <message>
        <source>recommended {value}</source>
        <translation>推荐 {value}</translation>
    </message>
    <message>
        <source>A whole number from {least} to {most}. It is not used like this.</source>
        <translation>请输入 {least} 到 {most} 的整数。当前输入不会生效。</translation>
    </message>
    <message>
        <source>A number from {least} to {most}. It is not used like this.</source>
        <translation>请输入 {least} 到 {most} 的数字。当前输入不会生效。</translation>
    </message>
</context>
<context>
    <name>OpenedModel</name>
    <message>
        <source>{model} was opened before an answer was finished.</source>
        <translation>回答还没写完，就打开了 {model}。</translation>
    </message>
    <message>
        <source>It is the last one of the chat “{title}”.</source>
        <translation>它是对话“{title}”的最后一条。</translation>
    </message>
    <message>
        <source>There it can be continued or asked for again.</source>
        <translation>可以在那里继续，或重新提问。</translation>
    </message>
</context>
<context>
    <name>PartList</name>
    <message>
        <source>Compute and driver</source>
        <translation>计算和驱动</translation>
    </message>
    <message>
        <source>KV cache, {n} tokens</source>
        <translation>KV 缓存，{n} 词元</translation>
    </message>
</context>
<context>
    <name>PcCard</name>
    <message>
        <source>Your PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Memory (RAM)</source>
        <translation>内存 (RAM)</translation>
    </message>
    <message>
        <source>Processor</source>
        <translation>处理器</translation>
    </message>
    <message>
        <source>Disk</source>
        <translation>磁盘</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>Speeds are estimated from the memory&apos;s speed; the range says how far off they may be.</source>
        <translation>速度按内存速度估算；范围表示可能的误差。</translation>
    </message>
    <message>
        <source>Speeds use what was measured on this PC.</source>
        <translation>速度依据本机的实测值估算。</translation>
    </message>
    <message>
        <source>Speeds were measured on this PC.</source>
        <translation>速度为本机实测。</translation>
    </message>
    <message>
        <source>shared memory</source>
        <translation>共享内存</translation>
    </message>
    <message>
        <source>video memory</source>
        <translation>显存</translation>
    </message>
    <message>
        <source>video memory unknown</source>
        <translation>显存未知</translation>
    </message>
    <message>
        <source>this engine cannot use it</source>
        <translation>此引擎无法使用</translation>
    </message>
    <message>
        <source>{n} cores</source>
        <translation>{n} 核</translation>
    </message>
    <message>
        <source>1 core</source>
        <translation>1 个核心</translation>
    </message>
    <message>
        <source>{n} threads</source>
        <translation>{n} 线程</translation>
    </message>
    <message>
        <source>1 thread</source>
        <translation>1 个线程</translation>
    </message>
    <message>
        <source>{size} free</source>
        <translation>{size} 空闲</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>unknown, not measured</source>
        <translation>未知，未测量</translation>
    </message>
    <message>
        <source>{free} of {total} free</source>
        <translation>空闲 {free} / {total}</translation>
    </message>
</context>
<context>
    <name>PcLine</name>
    <message>
        <source>Your PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>{free} of {total} free</source>
        <translation>空闲 {free} / {total}</translation>
    </message>
</context>
<context>
    <name>PlanBars</name>
    <message>
        <source>free</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>{device}, GiB</source>
        <translation>{device}，GiB</translation>
    </message>
</context>
<context>
    <name>PlanEditor</name>
    <message>
        <source>Levers of the plan</source>
        <translation>方案的调节项</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>Layers on card</source>
        <translation>显卡上的层</translation>
    </message>
    <message>
        <source>Experts on card</source>
        <translation>显卡上的专家层</translation>
    </message>
    <message>
        <source>Batch</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>Card limit</source>
        <translation>显存上限</translation>
    </message>
    <message>
        <source>Limit of card {n}</source>
        <translation>显卡 {n} 上限</translation>
    </message>
    <message>
        <source>{n} tokens, {size}</source>
        <translation>{n} 词元，{size}</translation>
    </message>
    <message>
        <source>{n} of {m}</source>
        <translation>{n} / {m}</translation>
    </message>
    <message>
        <source>{n} layers, {size}</source>
        <translation>{n} 层，{size}</translation>
    </message>
    <message>
        <source>of {size}</source>
        <translation>/ {size}</translation>
    </message>
</context>
<context>
    <name>PlanFoot</name>
    <message>
        <source>Verify with the engine</source>
        <translation>用引擎验证</translation>
    </message>
    <message>
        <source>Back to recommended</source>
        <translation>恢复推荐值</translation>
    </message>
    <message>
        <source>Only download</source>
        <translation>仅下载</translation>
    </message>
    <message>
        <source>Downloading</source>
        <translation>正在下载</translation>
    </message>
    <message>
        <source>{done} of {total} are here. Follow it in Downloads.</source>
        <translation>已下载 {done} / {total}。可在“下载”页查看。</translation>
    </message>
    <message>
        <source>Plans only</source>
        <translation>仅供规划</translation>
    </message>
    <message>
        <source>This file is not on the hub. Download it by hand, then open it here.</source>
        <translation>此文件不在 hub 上。请手动下载，然后在这里打开。</translation>
    </message>
    <message>
        <source>This machine is only described. Choose “This PC” above to load a model.</source>
        <translation>这台电脑只有配置描述。要加载模型，请在上方选择“本机”。</translation>
    </message>
    <message>
        <source>Does not fit</source>
        <translation>放不下</translation>
    </message>
    <message>
        <source>Load and chat</source>
        <translation>加载并开始对话</translation>
    </message>
    <message>
        <source>Continue and chat · {size} left</source>
        <translation>继续并开始对话 · 剩余 {size}</translation>
    </message>
    <message>
        <source>Download and chat · {size}</source>
        <translation>下载并开始对话 · {size}</translation>
    </message>
</context>
<context>
    <name>PlanForBox</name>
    <message>
        <source>Plan for</source>
        <translation>规划对象</translation>
    </message>
    <message>
        <source>This PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Another machine…</source>
        <translation>其他电脑…</translation>
    </message>
    <message>
        <source>From a file…</source>
        <translation>从文件…</translation>
    </message>
    <message>
        <source>This PC: {name}</source>
        <translation>本机：{name}</translation>
    </message>
    <message>
        <source>Machine description</source>
        <translation>电脑配置描述</translation>
    </message>
    <message>
        <source>Machines (*.json)</source>
        <translation>电脑配置 (*.json)</translation>
    </message>
</context>
<context>
    <name>PlanHead</name>
    <message>
        <source>Back to the list</source>
        <translation>返回列表</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Only described: the whole list is planned for it, nothing is loaded.</source>
        <translation>仅按描述规划：整个列表都以这台电脑为准，不会加载任何模型。</translation>
    </message>
    <message>
        <source>No model is chosen</source>
        <translation>未选择模型</translation>
    </message>
    <message>
        <source>{params}. A file on this PC, not in the catalogue.</source>
        <translation>{params}。本机上的文件，不在目录中。</translation>
    </message>
    <message>
        <source>{params}. From a link, not in the catalogue.</source>
        <translation>{params}。来自链接，不在目录中。</translation>
    </message>
    <message>
        <source>{params}. {date}, licence {licence}.</source>
        <translation>{params}。{date}，许可证：{licence}。</translation>
    </message>
</context>
<context>
    <name>PlanPanel</name>
    <message>
        <source>Plan</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Why not bigger? {why}</source>
        <translation>为什么不选更大的？{why}</translation>
    </message>
    <message>
        <source>It does not fit: {words}.</source>
        <translation>不适合：{words}。</translation>
    </message>
    <message>
        <source>The shape of this file is not known, so its memory and speed cannot be predicted.</source>
        <translation>此文件的结构未知，因此无法预测内存和速度。</translation>
    </message>
</context>
<context>
    <name>PolicyButton</name>
    <message>
        <source>Leave out the oldest messages</source>
        <translation>略去最早的消息</translation>
    </message>
    <message>
        <source>Summarise the oldest messages</source>
        <translation>为最早的消息生成摘要</translation>
    </message>
    <message>
        <source>Send nothing and say so</source>
        <translation>不发送，并给出提示</translation>
    </message>
    <message>
        <source>When the context is full: {policy}</source>
        <translation>上下文已满时：{policy}</translation>
    </message>
    <message>
        <source>When the context is full</source>
        <translation>上下文已满时</translation>
    </message>
</context>
<context>
    <name>PromptSection</name>
    <message>
        <source>Presets</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Name of the preset</source>
        <translation>预设名称</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Save the preset</source>
        <translation>保存预设</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>No system prompt</source>
        <translation>无系统提示词</translation>
    </message>
    <message>
        <source>This is the one of the program&apos;s settings; what is written here replaces it.</source>
        <translation>这是程序设置中的系统提示词；在此输入的内容会取代它。</translation>
    </message>
    <message>
        <source>The one of the program&apos;s settings is not used in this chat.</source>
        <translation>此对话不使用程序设置中的系统提示词。</translation>
    </message>
    <message>
        <source>This is the preset “{name}”.</source>
        <translation>这是预设“{name}”。</translation>
    </message>
    <message>
        <source>{name} was made without system prompts: the text goes before your first message.</source>
        <translation>{name} 的设计不使用系统提示词：此文字会放在您的第一条消息之前。</translation>
    </message>
    <message>
        <source>{name} brings its own when there is none.</source>
        <translation>没有系统提示词时，{name} 使用自带的。</translation>
    </message>
    <message>
        <source>As in the program&apos;s settings</source>
        <translation>与程序设置相同</translation>
    </message>
    <message>
        <source>Save as a preset…</source>
        <translation>另存为预设…</translation>
    </message>
    <message>
        <source>Rename a preset</source>
        <translation>重命名预设</translation>
    </message>
    <message>
        <source>Delete a preset</source>
        <translation>删除预设</translation>
    </message>
</context>
<context>
    <name>QuestionPresenter</name>
    <message>
        <source>The engine is started again in {n} s.</source>
        <translation>{n} 秒后重新启动引擎。</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
</context>
<context>
    <name>RamCard</name>
    <message>
        <source>Memory, {size}</source>
        <translation>内存，{size}</translation>
    </message>
    <message>
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>data sheet</source>
        <translation>规格值</translation>
    </message>
    <message>
        <source>Memory speed</source>
        <translation>内存速度</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Swap in use</source>
        <translation>已用交换空间</translation>
    </message>
    <message>
        <source>{type}, {n} threads</source>
        <translation>{type}，{n} 线程</translation>
    </message>
    <message>
        <source>{type}, 1 thread</source>
        <translation>{type}，1 个线程</translation>
    </message>
    <message>
        <source>Weights from here</source>
        <translation>权重读取速度</translation>
    </message>
</context>
<context>
    <name>ReasoningFold</name>
    <message>
        <source>Thinking, {time}</source>
        <translation>正在思考，{time}</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>已思考</translation>
    </message>
    <message>
        <source>Thought for {time}</source>
        <translation>已思考 {time}</translation>
    </message>
</context>
<context>
    <name>RemoveQuestion</name>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
    </message>
    <message>
        <source>Removing it deletes the {size} that are already here.</source>
        <translation>移除会删除已有的 {size}。</translation>
    </message>
    <message>
        <source>Delete {size}</source>
        <translation>删除 {size}</translation>
    </message>
</context>
<context>
    <name>RowDelegate</name>
    <message>
        <source>no files</source>
        <translation>没有文件</translation>
    </message>
    <message>
        <source>cannot be loaded here</source>
        <translation>此处无法加载</translation>
    </message>
    <message>
        <source>{n} of {m} sizes run</source>
        <translation>{m} 种大小中 {n} 种可运行</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>已就绪</translation>
    </message>
</context>
<context>
    <name>RowScroller</name>
    <message>
        <source>Go to the end</source>
        <translation>到末尾</translation>
    </message>
</context>
<context>
    <name>SamplingSection</name>
    <message>
        <source>Reset all</source>
        <translation>全部重置</translation>
    </message>
    <message>
        <source>Reset all sampling values</source>
        <translation>重置所有采样值</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
    <message>
        <source>More penalties</source>
        <translation>更多惩罚项</translation>
    </message>
    <message>
        <source>Empty fields take the values recommended for {name}.</source>
        <translation>留空则使用为 {name} 推荐的值。</translation>
    </message>
    <message>
        <source>Nothing is recommended for {name}; empty fields take general values.</source>
        <translation>{name} 没有推荐值；留空则使用通用值。</translation>
    </message>
    <message>
        <source>Empty fields take the values recommended for the model that answers.</source>
        <translation>留空则使用为回答模型推荐的值。</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>How freely words are drawn; 0 always takes the likeliest one.</source>
        <translation>选词的随机程度；0 表示始终选择最可能的词。</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Drawn from the likeliest words that together have this probability.</source>
        <translation>只从累计概率达到此值的最可能的词中选择。</translation>
    </message>
    <message>
        <source>Top-k</source>
        <translation>Top-k</translation>
    </message>
    <message>
        <source>Drawn from so many of the likeliest words only; 0 is off.</source>
        <translation>只从这么多个最可能的词中选择；0 为关闭。</translation>
    </message>
    <message>
        <source>Min-p</source>
        <translation>Min-p</translation>
    </message>
    <message>
        <source>Words with less than this share of the likeliest one&apos;s probability are left out; 0 is off.</source>
        <translation>略去概率低于最可能词的这一比例的词；0 为关闭。</translation>
    </message>
    <message>
        <source>Repeat penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Makes words that came before rarer; 1 is off.</source>
        <translation>降低出现过的词再次出现的概率；1 为关闭。</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>种子</translation>
    </message>
    <message>
        <source>The same seed and question give the same answer.</source>
        <translation>种子和问题相同时，回答也相同。</translation>
    </message>
    <message>
        <source>Frequency penalty</source>
        <translation>频率惩罚</translation>
    </message>
    <message>
        <source>Makes words rarer by how often they came; 0 is off.</source>
        <translation>按出现次数降低词的概率；0 为关闭。</translation>
    </message>
    <message>
        <source>Presence penalty</source>
        <translation>存在惩罚</translation>
    </message>
    <message>
        <source>Makes words rarer that came at all; 0 is off.</source>
        <translation>降低所有出现过的词的概率；0 为关闭。</translation>
    </message>
    <message>
        <source>Penalties look back</source>
        <translation>惩罚回看范围</translation>
    </message>
    <message>
        <source>How many tokens the penalties look at; 0 is off.</source>
        <translation>惩罚所考虑的词元数；0 为关闭。</translation>
    </message>
    <message>
        <source>DRY strength</source>
        <translation>DRY 强度</translation>
    </message>
    <message>
        <source>Makes sequences of words that came before rarer; 0 is off.</source>
        <translation>降低出现过的词序列再次出现的概率；0 为关闭。</translation>
    </message>
    <message>
        <source>DRY growth</source>
        <translation>DRY 增长</translation>
    </message>
    <message>
        <source>How the penalty grows with the length of the sequence.</source>
        <translation>惩罚随序列长度增长的幅度。</translation>
    </message>
    <message>
        <source>DRY free length</source>
        <translation>DRY 允许长度</translation>
    </message>
    <message>
        <source>Sequences of so many tokens may be repeated freely.</source>
        <translation>不超过这么多词元的序列可以自由重复。</translation>
    </message>
</context>
<context>
    <name>SchemaSection</name>
    <message>
        <source>JSON schema of answers</source>
        <translation>回答的 JSON schema</translation>
    </message>
    <message>
        <source>No schema: answers are free text</source>
        <translation>无 schema：回答为自由文本</translation>
    </message>
    <message>
        <source>Any JSON</source>
        <translation>任意 JSON</translation>
    </message>
    <message>
        <source>Example</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>No schema</source>
        <translation>无 schema</translation>
    </message>
    <message>
        <source>Nothing is sent until it is right, or removed.</source>
        <translation>修正或移除之前不会发送任何内容。</translation>
    </message>
    <message>
        <source>JSON answers</source>
        <translation>JSON 回答</translation>
    </message>
    <message>
        <source>Checking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>Answers are JSON of any form.</source>
        <translation>回答为任意形式的 JSON。</translation>
    </message>
    <message>
        <source>Answers are JSON that follows this schema.</source>
        <translation>回答为遵循此 schema 的 JSON。</translation>
    </message>
</context>
<context>
    <name>Selection</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy as Markdown</source>
        <translation>以 Markdown 复制</translation>
    </message>
    <message>
        <source>Copy link address</source>
        <translation>复制链接地址</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
</context>
<context>
    <name>SettingsPage</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Find a setting</source>
        <translation>查找设置</translation>
    </message>
    <message>
        <source>Changes apply at once; those marked {chip} wait for the next model load.</source>
        <translation>更改立即生效；标有 {chip} 的在下次加载模型时生效。</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>恢复默认值</translation>
    </message>
    <message>
        <source>at next load</source>
        <translation>下次加载时</translation>
    </message>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Light</source>
        <translation>浅色</translation>
    </message>
    <message>
        <source>Dark</source>
        <translation>深色</translation>
    </message>
    <message>
        <source>High contrast and text size always follow the system.</source>
        <translation>高对比度和文字大小始终跟随系统。</translation>
    </message>
    <message>
        <source>English</source>
        <translation>简体中文</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>Follows the system where a translation is shipped; English otherwise.</source>
        <translation>有译文时跟随系统语言，否则使用英语。</translation>
    </message>
    <message>
        <source>General</source>
        <translation>常规</translation>
    </message>
    <message>
        <source>Keep free on each card</source>
        <translation>每张显卡保留的空闲显存</translation>
    </message>
    <message>
        <source>For the desktop and other programs. The plan never uses this part.</source>
        <translation>留给桌面和其他程序。方案不会使用这部分。</translation>
    </message>
    <message>
        <source>GiB</source>
        <translation>GiB</translation>
    </message>
    <message>
        <source>Unload the model when idle</source>
        <translation>空闲时卸载模型</translation>
    </message>
    <message>
        <source>Gives the memory back to other programs. 0 keeps the model.</source>
        <translation>把内存还给其他程序。0 表示保留模型。</translation>
    </message>
    <message>
        <source>minutes</source>
        <translation>分钟</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Which build of llama.cpp runs models. Automatic takes the best one that works here.</source>
        <translation>运行模型所用的 llama.cpp 构建版本。“自动”会选用本机可用的最佳版本。</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Goes before every new chat.</source>
        <translation>放在每个新对话之前。</translation>
    </message>
    <message>
        <source>When the context is full</source>
        <translation>上下文已满时</translation>
    </message>
    <message>
        <source>Leave out</source>
        <translation>略去</translation>
    </message>
    <message>
        <source>Summarise</source>
        <translation>生成摘要</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>不发送</translation>
    </message>
    <message>
        <source>The oldest messages are left out, or summarised by the model, or nothing is sent and the chat says so. Applies from the next message on.</source>
        <translation>略去最早的消息，或由模型为其生成摘要，或不发送并在对话中提示。从下一条消息起生效。</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Nothing leaves this PC</source>
        <translation>任何内容都不会离开本机</translation>
    </message>
    <message>
        <source>There is no telemetry. The app goes online only for downloads that you start, to the server set under Network, and for a check for updates that you ask for; chats stay in files on this PC.</source>
        <translation>没有遥测。程序只在您发起下载时（连接“网络”中设置的服务器）和您要求检查更新时联网；对话保存在本机的文件中。</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Clear the search</source>
        <translation>清除搜索</translation>
    </message>
    <message>
        <source>No setting called “{name}”</source>
        <translation>没有名为“{name}”的设置</translation>
    </message>
</context>
<context>
    <name>SettingsPresenter</name>
    <message>
        <source>Now: the server is reached directly.</source>
        <translation>当前：直接连接服务器。</translation>
    </message>
    <message>
        <source>from this setting</source>
        <translation>来自此设置</translation>
    </message>
    <message>
        <source>from the environment (HTTPS_PROXY and the like)</source>
        <translation>来自环境变量（HTTPS_PROXY 等）</translation>
    </message>
    <message>
        <source>from the system&apos;s settings</source>
        <translation>来自系统设置</translation>
    </message>
    <message>
        <source>Now: {address}, {source}.</source>
        <translation>当前：{address}，{source}。</translation>
    </message>
    <message>
        <source>None. Only models with terms to accept ask for one.</source>
        <translation>无。只有要求接受条款的模型才需要。</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation>测试连接</translation>
    </message>
    <message>
        <source>A file of certificates</source>
        <translation>证书文件</translation>
    </message>
    <message>
        <source>Certificates (*.pem *.crt *.cer)</source>
        <translation>证书 (*.pem *.crt *.cer)</translation>
    </message>
    <message>
        <source>All files (*)</source>
        <translation>所有文件 (*)</translation>
    </message>
    <message>
        <source>Enter access token</source>
        <translation>输入访问令牌</translation>
    </message>
</context>
<context>
    <name>SourceCard</name>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>waiting</source>
        <translation>等待中</translation>
    </message>
    <message>
        <source>{rate} now</source>
        <translation>当前 {rate}</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>空闲</translation>
    </message>
    <message>
        <source>Other…</source>
        <translation>其他…</translation>
    </message>
    <message>
        <source>1 file</source>
        <translation>1 个文件</translation>
    </message>
    <message>
        <source>{n} files</source>
        <translation>{n} 个文件</translation>
    </message>
    <message>
        <source>Speed limit</source>
        <translation>限速</translation>
    </message>
    <message>
        <source>Downloads at a time</source>
        <translation>同时下载数</translation>
    </message>
    <message>
        <source>At a time</source>
        <translation>同时下载</translation>
    </message>
    <message>
        <source>Test connection</source>
        <translation>测试连接</translation>
    </message>
    <message>
        <source>Mirror, proxy…</source>
        <translation>镜像、代理…</translation>
    </message>
</context>
<context>
    <name>Sparkline</name>
    <message>
        <source>predicted {low}–{high} tokens/s</source>
        <translation>预测 {low}–{high} 词元/秒</translation>
    </message>
</context>
<context>
    <name>SpeedFigures</name>
    <message>
        <source>Answering, estimate</source>
        <translation>生成回答（估计）</translation>
    </message>
    <message>
        <source>Reading your text</source>
        <translation>读取您的文字</translation>
    </message>
    <message>
        <source>To first token</source>
        <translation>首个词元</translation>
    </message>
    <message>
        <source>Answering, measured</source>
        <translation>生成回答（实测）</translation>
    </message>
    <message>
        <source>/ {n} in</source>
        <translation>/ 输入 {n}</translation>
    </message>
    <message>
        <source>Until the answer to {n} tokens of text begins</source>
        <translation>从开始读取 {n} 词元的文字到开始回答的时间</translation>
    </message>
    <message>
        <source>tokens/s</source>
        <translation>词元/秒</translation>
    </message>
    <message>
        <source>unknown</source>
        <translation>未知</translation>
    </message>
    <message>
        <source>s</source>
        <translation>秒</translation>
    </message>
</context>
<context>
    <name>StatisticsFold</name>
    <message>
        <source>Statistics of this answer</source>
        <translation>此回答的统计信息</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Status</source>
        <translation>状态</translation>
    </message>
    <message>
        <source>No model loaded</source>
        <translation>未加载模型</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
    <message>
        <source>Ready</source>
        <translation>就绪</translation>
    </message>
    <message>
        <source>Answering</source>
        <translation>正在回答</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>context {used} of {total}</source>
        <translation>上下文 {used} / {total}</translation>
    </message>
    <message>
        <source>{size} of video memory</source>
        <translation>显存 {size}</translation>
    </message>
    <message>
        <source>{size} of RAM</source>
        <translation>内存 {size}</translation>
    </message>
    <message>
        <source>This app uses {parts}</source>
        <translation>本程序占用{parts}</translation>
    </message>
</context>
<context>
    <name>StatusPresenter</name>
    <message>
        <source>Saving the chats&apos; states</source>
        <translation>正在保存对话状态</translation>
    </message>
    <message>
        <source>Loading, {share}</source>
        <translation>正在加载，{share}</translation>
    </message>
    <message>
        <source>KV cache {kind}</source>
        <translation>KV 缓存 {kind}</translation>
    </message>
    <message>
        <source>Engine ready: {backend} on {card}</source>
        <translation>引擎就绪：{backend}，{card}</translation>
    </message>
    <message>
        <source>Engine ready: processor</source>
        <translation>引擎就绪：处理器</translation>
    </message>
    <message>
        <source>The engine did not start</source>
        <translation>引擎未能启动</translation>
    </message>
    <message>
        <source>Plan {time} ms</source>
        <translation>规划用时 {time} 毫秒</translation>
    </message>
    <message>
        <source>catalogue of {date}</source>
        <translation>目录：{date}</translation>
    </message>
</context>
<context>
    <name>StoragePresenter</name>
    <message>
        <source>Folder for new downloads</source>
        <translation>新下载的文件夹</translation>
    </message>
    <message>
        <source>Look for models in</source>
        <translation>选择要搜索模型的文件夹</translation>
    </message>
</context>
<context>
    <name>StorageSection</name>
    <message>
        <source>Models and storage</source>
        <translation>模型与存储</translation>
    </message>
    <message>
        <source>Other folders in use</source>
        <translation>其他使用中的文件夹</translation>
    </message>
    <message>
        <source>Models that were fetched or moved there stay known.</source>
        <translation>曾下载或移动到那里的模型仍可使用。</translation>
    </message>
    <message>
        <source>{size} free on its disk.</source>
        <translation>所在磁盘剩余 {size}。</translation>
    </message>
    <message>
        <source>The Hugging Face cache, shared with other programs.</source>
        <translation>Hugging Face 缓存，与其他程序共用。</translation>
    </message>
    <message>
        <source>Now: {size} (chats: {n}).</source>
        <translation>当前：{size}（{n} 个对话）。</translation>
    </message>
    <message>
        <source>Now: none.</source>
        <translation>当前：无。</translation>
    </message>
    <message>
        <source>Change…</source>
        <translation>更改…</translation>
    </message>
    <message>
        <source>Change the folder for new downloads</source>
        <translation>更改新下载的文件夹</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Use the Hugging Face cache</source>
        <translation>使用 Hugging Face 缓存</translation>
    </message>
    <message>
        <source>Folder for new downloads</source>
        <translation>新下载的文件夹</translation>
    </message>
    <message>
        <source>Models that are here stay where they are. HF_HOME or HF_HUB_CACHE moves the Hugging Face cache.</source>
        <translation>已有的模型留在原处。可用 HF_HOME 或 HF_HUB_CACHE 更改 Hugging Face 缓存的位置。</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Folders that are searched</source>
        <translation>搜索的文件夹</translation>
    </message>
    <message>
        <source>Beside those of LM Studio, Ollama, Jan, GPT4All and llama.cpp, which are found by themselves. Nothing in them is changed.</source>
        <translation>除此之外，LM Studio、Ollama、Jan、GPT4All 和 llama.cpp 的文件夹会自动找到。不会更改其中的任何内容。</translation>
    </message>
    <message>
        <source>Saved states of chats</source>
        <translation>已保存的对话状态</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清除</translation>
    </message>
    <message>
        <source>Clear the saved states of chats</source>
        <translation>清除已保存的对话状态</translation>
    </message>
    <message>
        <source>GB at most</source>
        <translation>GB（上限）</translation>
    </message>
    <message>
        <source>A long chat that is opened again continues at once instead of being read again. The files are readable for you only and are deleted with their chat; those longest unused make room. 0 saves none.</source>
        <translation>重新打开长对话时可以立即继续，模型无需重新读取。文件只有您能读取，并随对话一起删除；达到上限时，先删除最久未使用的。0 表示不保存。</translation>
    </message>
</context>
<context>
    <name>SummaryRow</name>
    <message>
        <source>Summary of {count} earlier messages</source>
        <translation>之前 {count} 条消息的摘要</translation>
    </message>
    <message>
        <source>Sent instead of the messages above.</source>
        <translation>代替以上消息发送。</translation>
    </message>
    <message>
        <source>Written by {model}; sent instead of the messages above.</source>
        <translation>由 {model} 撰写；代替以上消息发送。</translation>
    </message>
</context>
<context>
    <name>SummaryStrip</name>
    <message>
        <source>Summary</source>
        <translation>摘要</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Cancel the summary</source>
        <translation>取消生成摘要</translation>
    </message>
    <message>
        <source>The answer is made without a summary; the oldest messages are no longer sent to the model.</source>
        <translation>不用摘要直接生成回答；最早的消息不再发送给模型。</translation>
    </message>
</context>
<context>
    <name>ThisPcPage</name>
    <message>
        <source>This PC</source>
        <translation>本机</translation>
    </message>
    <message>
        <source>Looking at this PC…</source>
        <translation>正在检测本机…</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>Measure again</source>
        <translation>重新测量</translation>
    </message>
    <message>
        <source>Measure this PC</source>
        <translation>测量本机</translation>
    </message>
    <message>
        <source>About half a minute; predictions then use its figures instead of data sheets</source>
        <translation>约需半分钟；之后的预测将使用实测值，而不是规格值</translation>
    </message>
    <message>
        <source>Predictions use data sheets for what was not measured.</source>
        <translation>未实测的部分按规格值预测。</translation>
    </message>
    <message>
        <source>Measured on {date} while the PC was busy: these figures are rough.</source>
        <translation>测量于 {date}，当时电脑正忙：这些数值较为粗略。</translation>
    </message>
    <message>
        <source>Measured on {date}. Predictions use these figures, not data sheets.</source>
        <translation>测量于 {date}。预测使用这些数值，而不是规格值。</translation>
    </message>
</context>
<context>
    <name>TokenDialog</name>
    <message>
        <source>Access token for {host}</source>
        <translation>{host} 的访问令牌</translation>
    </message>
    <message>
        <source>The owner of this model shares it with signed-in users who accepted its terms. Make a token with the right to read on the hub&apos;s page under Settings, Access Tokens, and paste it here. It is kept in the system&apos;s keyring; where there is none, only until the launcher ends. It is sent to {host} and to nobody else.</source>
        <translation>该模型的所有者只向接受了条款的已登录用户提供。请在 hub 网页的 Settings、Access Tokens 中创建有读取权限的令牌，并粘贴到这里。令牌保存在系统密钥环中；没有密钥环时只保留到启动器退出为止。令牌只发送给 {host}，不会发送给其他任何人。</translation>
    </message>
    <message>
        <source>Keep it and go on</source>
        <translation>保存并继续</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Asking the system&apos;s keyring…</source>
        <translation>正在访问系统密钥环…</translation>
    </message>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>TryButton</name>
    <message>
        <source>Try it now</source>
        <translation>立即试用</translation>
    </message>
    <message>
        <source>tiny demonstration model, built in, {size}</source>
        <translation>内置的微型演示模型，{size}</translation>
    </message>
</context>
<context>
    <name>UndoBar</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
</context>
<context>
    <name>UpdateDialog</name>
    <message>
        <source>Only when you press the button, and nothing is downloaded or installed.</source>
        <translation>仅在您按下按钮时检查，不会下载或安装任何内容。</translation>
    </message>
    <message>
        <source>Check for updates</source>
        <translation>检查更新</translation>
    </message>
    <message>
        <source>What is new</source>
        <translation>更新内容</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>Open the release page…</source>
        <translation>打开发布页面…</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>Version {newest} is out; {installed} is installed.</source>
        <translation>新版本 {newest} 已发布；已安装的是 {installed}。</translation>
    </message>
    <message>
        <source>{host} lists no release. Version {installed} is installed.</source>
        <translation>{host} 没有列出任何发布版本。已安装版本 {installed}。</translation>
    </message>
    <message>
        <source>Up to date: version {installed} is installed; the newest release is {newest}.</source>
        <translation>已是最新：已安装版本 {installed}；最新发布版本为 {newest}。</translation>
    </message>
    <message>
        <source>It comes without notes.</source>
        <translation>没有发行说明。</translation>
    </message>
    <message>
        <source>Asking {host}…</source>
        <translation>正在查询 {host}…</translation>
    </message>
    <message>
        <source>Looking…</source>
        <translation>正在检查…</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>检查已停止。</translation>
    </message>
</context>
<context>
    <name>UserRow</name>
    <message>
        <source>Copy message</source>
        <translation>复制消息</translation>
    </message>
    <message>
        <source>Edit message</source>
        <translation>编辑消息</translation>
    </message>
    <message>
        <source>More with this message</source>
        <translation>此消息的更多操作</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>Show less</source>
        <translation>收起</translation>
    </message>
    <message>
        <source>Show all ({count} lines)</source>
        <translation>显示全部（{count} 行）</translation>
    </message>
    <message>
        <source>Show all ({count} characters)</source>
        <translation>显示全部（{count} 个字符）</translation>
    </message>
    <message>
        <source>Go on from here in a new chat</source>
        <translation>从这里开始，在新对话中继续</translation>
    </message>
    <message>
        <source>Delete with all that follows</source>
        <translation>删除此条及之后的全部内容</translation>
    </message>
    <message>
        <source>Send again</source>
        <translation>重新发送</translation>
    </message>
</context>
<context>
    <name>VerifyBox</name>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Asking the engine…</source>
        <translation>正在向引擎查询…</translation>
    </message>
    <message>
        <source>Fetching the header ({size})…</source>
        <translation>正在获取文件头部（{size}）…</translation>
    </message>
    <message>
        <source>Fetching the header…</source>
        <translation>正在获取文件头部…</translation>
    </message>
    <message>
        <source>predicted</source>
        <translation>预测</translation>
    </message>
    <message>
        <source>engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Verified: it does not fit, {size} too little.</source>
        <translation>已验证：放不下，还差 {size}。</translation>
    </message>
    <message>
        <source>Verified with stand-ins for the graphics cards: it fits. They need less for weights that are streamed from RAM; the larger buffers count.</source>
        <translation>已用模拟显卡验证：放得下。对于从内存流式读取的权重，模拟显卡所需较少；以较大的缓冲区为准。</translation>
    </message>
    <message>
        <source>Verified: it fits. The engine takes {size} more than predicted.</source>
        <translation>已验证：放得下。引擎的占用比预测多 {size}。</translation>
    </message>
    <message>
        <source>Verified: it fits. The engine takes {size} less than predicted.</source>
        <translation>已验证：放得下。引擎的占用比预测少 {size}。</translation>
    </message>
    <message>
        <source>Verified: it fits, exactly as predicted.</source>
        <translation>已验证：放得下，与预测完全一致。</translation>
    </message>
</context>
<context>
    <name>VersionSwitch</name>
    <message>
        <source>Previous version</source>
        <translation>上一版本</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>下一版本</translation>
    </message>
    <message>
        <source>Version {number} of {count}</source>
        <translation>第 {number} 个版本，共 {count} 个</translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>29 shards; the same size as the Q4_K_M offered, no size published.</source>
        <translation>29 个分片；与所提供的 Q4_K_M 大小相同，未公布大小。</translation>
    </message>
    <message>
        <source>763B with memory tables; newest generation.</source>
        <translation>763B，带记忆表；最新一代。</translation>
    </message>
    <message>
        <source>763B with memory tables; newest release.</source>
        <translation>763B，带记忆表；最新发布。</translation>
    </message>
    <message>
        <source>A device of another llama.cpp server; it is reached over the network.</source>
        <translation>另一台 llama.cpp 服务器的设备，通过网络访问。</translation>
    </message>
    <message>
        <source>A model is already loaded in this process.</source>
        <translation>此进程中已加载了一个模型。</translation>
    </message>
    <message>
        <source>A part of the model file could not be read ({number}): it was cut, or its disk has a problem.</source>
        <translation>模型文件的一部分无法读取（{number}）：文件不完整，或磁盘有问题。</translation>
    </message>
    <message>
        <source>A research model.</source>
        <translation>研究用模型。</translation>
    </message>
    <message>
        <source>A setting has a value that is not allowed; its default is used.</source>
        <translation>某项设置的值不被允许，已使用默认值。</translation>
    </message>
    <message>
        <source>A tensor has {n_dimensions} dimensions.</source>
        <translation>某个张量有 {n_dimensions} 个维度。</translation>
    </message>
    <message>
        <source>A tensor is larger than any model.</source>
        <translation>某个张量比任何模型都大。</translation>
    </message>
    <message>
        <source>Always thinks, very long; olympiad maths.</source>
        <translation>总是先思考，且很久；擅长奥赛数学。</translation>
    </message>
    <message>
        <source>An array claims {count} items.</source>
        <translation>某个数组声称含 {count} 项。</translation>
    </message>
    <message>
        <source>An old model.</source>
        <translation>旧模型。</translation>
    </message>
    <message>
        <source>An old model. 4,096 tokens of context.</source>
        <translation>旧模型。上下文 4,096 词元。</translation>
    </message>
    <message>
        <source>An old model: newer small ones are better.</source>
        <translation>旧模型：较新的小模型更好。</translation>
    </message>
    <message>
        <source>An old model: newer small ones are better. 4,096 tokens of context.</source>
        <translation>旧模型：较新的小模型更好。上下文 4,096 词元。</translation>
    </message>
    <message>
        <source>Another program asked it to end ({number}).</source>
        <translation>其他程序要求它结束（{number}）。</translation>
    </message>
    <message>
        <source>Another program, or another window of this one, is fetching {name} at this moment.</source>
        <translation>其他程序或本程序的另一个窗口正在下载 {name}。</translation>
    </message>
    <message>
        <source>Answers at once; chat and code.</source>
        <translation>立即回答；擅长对话和编程。</translation>
    </message>
    <message>
        <source>Answers at once; chat, writing and code.</source>
        <translation>立即回答；擅长对话、写作和编程。</translation>
    </message>
    <message>
        <source>Answers at once; code in 338 languages, very fast.</source>
        <translation>立即回答；支持 338 种编程语言，非常快。</translation>
    </message>
    <message>
        <source>Answers at once; code.</source>
        <translation>立即回答；擅长编程。</translation>
    </message>
    <message>
        <source>Answers at once; the first V3.</source>
        <translation>立即回答；最初的 V3。</translation>
    </message>
    <message>
        <source>Apache-2.0</source>
        <translation>Apache-2.0</translation>
    </message>
    <message>
        <source>Apache-2.0 badge in README</source>
        <translation>Apache-2.0（README 中的标识）</translation>
    </message>
    <message>
        <source>As {quant}</source>
        <translation>以 {quant} 量化时，</translation>
    </message>
    <message>
        <source>At {n} bits</source>
        <translation>在 {n} 位下，</translation>
    </message>
    <message>
        <source>Attention and the KV cache stay on the card.</source>
        <translation>注意力和 KV 缓存留在显卡上。</translation>
    </message>
    <message>
        <source>Attention and the KV cache stay on the cards.</source>
        <translation>注意力和 KV 缓存留在各显卡上。</translation>
    </message>
    <message>
        <source>Best science score here (GPQA {own}, not {other})</source>
        <translation>科学测试得分最高（GPQA {own}，对比 {other}）</translation>
    </message>
    <message>
        <source>Best score here ({own}, not {other} of 100)</source>
        <translation>得分最高（满分 100，{own} 对比 {other}）</translation>
    </message>
    <message>
        <source>Chat in English and Chinese, 2023.</source>
        <translation>中英文对话，2023 年。</translation>
    </message>
    <message>
        <source>Chat, 2024.</source>
        <translation>对话，2024 年。</translation>
    </message>
    <message>
        <source>Check the name</source>
        <translation>检查名称</translation>
    </message>
    <message>
        <source>Check with: launcher doctor</source>
        <translation>运行 launcher doctor 检查</translation>
    </message>
    <message>
        <source>Choose a file: {repo}:{name}</source>
        <translation>选择文件：{repo}:{name}</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Choose a repository with GGUF files</source>
        <translation>选择包含 GGUF 文件的仓库</translation>
    </message>
    <message>
        <source>Choose a smaller model</source>
        <translation>选择更小的模型</translation>
    </message>
    <message>
        <source>Choose another file</source>
        <translation>选择其他文件</translation>
    </message>
    <message>
        <source>Choose another model</source>
        <translation>选择其他模型</translation>
    </message>
    <message>
        <source>Choose another quantisation or repository</source>
        <translation>选择其他量化或仓库</translation>
    </message>
    <message>
        <source>Choose one that is there: {names}</source>
        <translation>从现有的中选择：{names}</translation>
    </message>
    <message>
        <source>Choose one: {repo}:{name}</source>
        <translation>选择一个：{repo}:{name}</translation>
    </message>
    <message>
        <source>Classic 2023-24</source>
        <translation>经典 2023–24</translation>
    </message>
    <message>
        <source>Code on small machines, 2023.</source>
        <translation>在小型电脑上编程，2023 年。</translation>
    </message>
    <message>
        <source>Code, 2023.</source>
        <translation>编程，2023 年。</translation>
    </message>
    <message>
        <source>Code, 2024.</source>
        <translation>编程，2024 年。</translation>
    </message>
    <message>
        <source>Context {n} of {all} tokens: more does not fit or costs speed.</source>
        <translation>上下文 {n} / {all} 词元：再多就放不下或会变慢。</translation>
    </message>
    <message>
        <source>Continued at {size}; nothing is fetched twice.</source>
        <translation>从 {size} 处继续；不会重复下载。</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
    <message>
        <source>DeepSeek Model License (commercial use allowed, use restrictions)</source>
        <translation>DeepSeek Model License（允许商用，有使用限制）</translation>
    </message>
    <message>
        <source>Delete it</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Does not think first.</source>
        <translation>不会先思考。</translation>
    </message>
    <message>
        <source>Does not think first. Its files keep a 71 times larger KV cache (old layout).</source>
        <translation>不会先思考。其文件的 KV 缓存大 71 倍（旧布局）。</translation>
    </message>
    <message>
        <source>Download it again</source>
        <translation>重新下载</translation>
    </message>
    <message>
        <source>Download the model again</source>
        <translation>重新下载模型</translation>
    </message>
    <message>
        <source>Each load gets its own process.</source>
        <translation>每次加载使用各自的进程。</translation>
    </message>
    <message>
        <source>Enter access token</source>
        <translation>输入访问令牌</translation>
    </message>
    <message>
        <source>Experts re-quantised to Q4_K are bigger than the original MXFP4 and worse (164.6 GB against 155.1 GB, perplexity +0.9 %).</source>
        <translation>专家重新量化为 Q4_K 后，比原始 MXFP4 更大也更差（164.6 GB 对比 155.1 GB，困惑度 +0.9 %）。</translation>
    </message>
    <message>
        <source>Fetch again</source>
        <translation>重新下载</translation>
    </message>
    <message>
        <source>First model with sparse attention.</source>
        <translation>首个使用稀疏注意力的模型。</translation>
    </message>
    <message>
        <source>Free up space</source>
        <translation>释放空间</translation>
    </message>
    <message>
        <source>From 2024; V2.5-1210 replaced it.</source>
        <translation>2024 年的模型；已被 V2.5-1210 取代。</translation>
    </message>
    <message>
        <source>From 2024; its files need 4.9 MB of memory per token of context.</source>
        <translation>2024 年的模型；每个上下文词元需要 4.9 MB 内存。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>How fast the RAM is, is not known: {why}</source>
        <translation>内存速度未知：{why}</translation>
    </message>
    <message>
        <source>Install the launcher again</source>
        <translation>重新安装启动器</translation>
    </message>
    <message>
        <source>Intel&apos;s driver does not report load here.</source>
        <translation>Intel 驱动程序在此不报告负载。</translation>
    </message>
    <message>
        <source>It answered {status} for {repo}.</source>
        <translation>它对 {repo} 返回了 {status}。</translation>
    </message>
    <message>
        <source>It claims {count} {what}.</source>
        <translation>它声称含 {count} 个{what}。</translation>
    </message>
    <message>
        <source>It comes as {n} raw pieces ({name}, …) that must be joined by hand first.</source>
        <translation>它由 {n} 个原始分段（{name}，…）组成，须先手动合并。</translation>
    </message>
    <message>
        <source>It does not begin with the letters GGUF.</source>
        <translation>文件开头不是 GGUF 字样。</translation>
    </message>
    <message>
        <source>It ended with exit code {n}.</source>
        <translation>它以退出码 {n} 结束。</translation>
    </message>
    <message>
        <source>It gave no sign of life for {n} s.</source>
        <translation>它 {n} 秒没有响应。</translation>
    </message>
    <message>
        <source>It gave up on an inner check ({number}).</source>
        <translation>它因内部检查失败而中止（{number}）。</translation>
    </message>
    <message>
        <source>It has only {size} bytes.</source>
        <translation>它只有 {size} 字节。</translation>
    </message>
    <message>
        <source>It holds a tensor of layer {block}, but claims {n_layer} layers.</source>
        <translation>它含有第 {block} 层的张量，却声称共 {n_layer} 层。</translation>
    </message>
    <message>
        <source>It holds a value of the unknown type {kind}.</source>
        <translation>它含有未知类型 {kind} 的值。</translation>
    </message>
    <message>
        <source>It holds an array of the unknown type {kind}.</source>
        <translation>它含有未知类型 {kind} 的数组。</translation>
    </message>
    <message>
        <source>It holds tensors of type {number}, which only the ik_llama.cpp fork has.</source>
        <translation>它含有类型 {number} 的张量，只有 ik_llama.cpp 分支支持。</translation>
    </message>
    <message>
        <source>It holds tensors of type {number}, which this engine does not have.</source>
        <translation>它含有类型 {number} 的张量，此引擎不支持。</translation>
    </message>
    <message>
        <source>It lies in {path} and may be in use by another program, so it is not deleted from here.</source>
        <translation>它位于 {path}，可能正被其他程序使用，因此不会在这里删除。</translation>
    </message>
    <message>
        <source>It must look like owner/name.</source>
        <translation>应为 owner/name 的形式。</translation>
    </message>
    <message>
        <source>It needs {size}; {missing} are missing. Closing other programs frees memory.</source>
        <translation>需要 {size}；还差 {missing}。关闭其他程序可释放内存。</translation>
    </message>
    <message>
        <source>It ran out of memory ({number}): {free} of RAM are free now.</source>
        <translation>内存不足（{number}）：现在有 {free} 内存空闲。</translation>
    </message>
    <message>
        <source>It read memory that is not its own ({number}): a defect of the engine or its driver, or a damaged file.</source>
        <translation>它读取了不属于自己的内存（{number}）：引擎或驱动程序有缺陷，或文件已损坏。</translation>
    </message>
    <message>
        <source>It sends requests in circles or to nowhere.</source>
        <translation>它的重定向形成循环或无处可去。</translation>
    </message>
    <message>
        <source>It sent a web page instead of the file.</source>
        <translation>它发来的是网页而不是文件。</translation>
    </message>
    <message>
        <source>It thinks before it answers: at {rate} tokens/s that takes many minutes.</source>
        <translation>它会先思考再回答：以 {rate} 词元/秒的速度，需要很多分钟。</translation>
    </message>
    <message>
        <source>It was ended by {name} ({number}).</source>
        <translation>它被 {name} 结束（{number}）。</translation>
    </message>
    <message>
        <source>It was ended from outside ({number}); the system does that when memory runs out. {free} of RAM are free now that it is gone.</source>
        <translation>它被外部结束（{number}）；系统在内存耗尽时会这样做。结束后有 {free} 内存空闲。</translation>
    </message>
    <message>
        <source>It would answer at {rate} tokens/s.</source>
        <translation>回答速度只有 {rate} 词元/秒。</translation>
    </message>
    <message>
        <source>It would answer more slowly: {times}.</source>
        <translation>回答会更慢：{times}。</translation>
    </message>
    <message>
        <source>Its alignment is not a sensible number.</source>
        <translation>其对齐值不合理。</translation>
    </message>
    <message>
        <source>Its architecture is “{name}”.</source>
        <translation>其架构是“{name}”。</translation>
    </message>
    <message>
        <source>Its driver runs, but NVIDIA&apos;s library tells nothing about it here.</source>
        <translation>其驱动程序在运行，但 NVIDIA 的库在此没有提供它的信息。</translation>
    </message>
    <message>
        <source>Its files keep a 71 times larger KV cache (old layout).</source>
        <translation>其文件的 KV 缓存大 71 倍（旧布局）。</translation>
    </message>
    <message>
        <source>Its format version is {version}; 2 and 3 can be read.</source>
        <translation>其格式版本为 {version}；只能读取 2 和 3。</translation>
    </message>
    <message>
        <source>Its header claims {n_layer} layers, {n_head} heads and a width of {n_embd}.</source>
        <translation>其头部声称有 {n_layer} 层、{n_head} 个头，宽度为 {n_embd}。</translation>
    </message>
    <message>
        <source>Its header has no usable value for {key}.</source>
        <translation>其头部没有可用的 {key} 值。</translation>
    </message>
    <message>
        <source>Its last words: {words}</source>
        <translation>最后的输出：{words}</translation>
    </message>
    <message>
        <source>Its listing of {repo} cannot be read.</source>
        <translation>它的 {repo} 列表无法读取。</translation>
    </message>
    <message>
        <source>Its listing of {repo} names no commit.</source>
        <translation>它的 {repo} 列表没有给出提交。</translation>
    </message>
    <message>
        <source>Its memory is the computer&apos;s RAM.</source>
        <translation>它使用电脑的内存。</translation>
    </message>
    <message>
        <source>Its shape is not known.</source>
        <translation>结构未知。</translation>
    </message>
    <message>
        <source>Its smallest file, {quant} with {size}, leaves too little of the {room} that can be used here for the KV cache and buffers.</source>
        <translation>最小的文件 {quant}（{size}）放进可用的 {room} 后，留给 KV 缓存和缓冲区的空间太少。</translation>
    </message>
    <message>
        <source>Its smallest file, {quant} with {size}, needs {missing} more memory than the {room} that can be used here.</source>
        <translation>最小的文件 {quant}（{size}）比可用的 {room} 还多需要 {missing} 内存。</translation>
    </message>
    <message>
        <source>Its sparse-attention indexer was removed: a changed model.</source>
        <translation>去掉了稀疏注意力索引器：已不是原模型。</translation>
    </message>
    <message>
        <source>Its tensors need {size}; the file has {there}. It is not complete.</source>
        <translation>其张量需要 {size}，文件只有 {there}，并不完整。</translation>
    </message>
    <message>
        <source>1 GiB to 16 TiB are possible.</source>
        <translation>允许的范围是 1 GiB 到 16 TiB。</translation>
    </message>
    <message>
        <source>1 character</source>
        <translation>1 个字符</translation>
    </message>
    <message>
        <source>1 to {most} are possible.</source>
        <translation>允许的范围是 1 到 {most}。</translation>
    </message>
    <message>
        <source>1 token</source>
        <translation>1 个词元</translation>
    </message>
    <message>
        <source>A &apos;(&apos; is not closed.</source>
        <translation>有一个“(”没有闭合。</translation>
    </message>
    <message>
        <source>A &apos;)&apos; closes nothing.</source>
        <translation>有一个“)”没有对应的“(”。</translation>
    </message>
    <message>
        <source>A &apos;[&apos; is not closed.</source>
        <translation>有一个“[”没有闭合。</translation>
    </message>
    <message>
        <source>A built-in one is used instead.</source>
        <translation>改用内置的。</translation>
    </message>
    <message>
        <source>A company network that inspects traffic does this.</source>
        <translation>检查流量的公司网络会造成这种情况。</translation>
    </message>
    <message>
        <source>A computer with {size} of RAM cannot be planned.</source>
        <translation>无法规划内存为 {size} 的电脑。</translation>
    </message>
    <message>
        <source>A described computer: {ram} of its RAM and {vram} of its first card count as used by the desktop.</source>
        <translation>按描述规划的电脑：其内存中的 {ram} 和首张显卡中的 {vram} 按已被桌面占用计算。</translation>
    </message>
    <message>
        <source>A draft model is loaded from a file on this computer.</source>
        <translation>草稿模型须从这台电脑上的文件加载。</translation>
    </message>
    <message>
        <source>A file of its full size ({size}, empty) could not be made. {why}</source>
        <translation>无法创建与原文件同样大小的空文件（{size}）。{why}</translation>
    </message>
    <message>
        <source>A model file</source>
        <translation>模型文件</translation>
    </message>
    <message>
        <source>A model that runs here comes as .gguf files.</source>
        <translation>可在此运行的模型以 .gguf 文件提供。</translation>
    </message>
    <message>
        <source>A name claims {length} bytes.</source>
        <translation>某个名称声称有 {length} 字节。</translation>
    </message>
    <message>
        <source>A name is not text (UTF-8).</source>
        <translation>某个名称不是文本（UTF-8）。</translation>
    </message>
    <message>
        <source>A part of a union or of allOf is not a schema.</source>
        <translation>联合类型或 allOf 的某一部分不是 schema。</translation>
    </message>
    <message>
        <source>A quota of your account is used up.</source>
        <translation>您账户的配额已用完。</translation>
    </message>
    <message>
        <source>A scanned document is a picture of its text.</source>
        <translation>扫描的文档只是文字的图像。</translation>
    </message>
    <message>
        <source>A tensor override names a device that cannot be used.</source>
        <translation>张量指定写了一个不能使用的设备。</translation>
    </message>
    <message>
        <source>A tensor override&apos;s pattern cannot be used.</source>
        <translation>无法使用张量覆盖规则的匹配模式。</translation>
    </message>
    <message>
        <source>AMD&apos;s ROCm runtime is not installed.</source>
        <translation>没有安装 AMD 的 ROCm 运行时。</translation>
    </message>
    <message>
        <source>Accept the terms on its page, then enter your access token.</source>
        <translation>请在其页面接受条款，然后输入访问令牌。</translation>
    </message>
    <message>
        <source>Accepted: {name}.</source>
        <translation>已接受：{name}。</translation>
    </message>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Add a certificate…</source>
        <translation>添加证书…</translation>
    </message>
    <message>
        <source>An answer follows a grammar or a JSON schema, not both.</source>
        <translation>回答只能遵循语法或 JSON schema 之一，不能同时遵循两者。</translation>
    </message>
    <message>
        <source>Another model is being moved.</source>
        <translation>正在移动另一个模型。</translation>
    </message>
    <message>
        <source>Another pack of this name is in {folder}.</source>
        <translation>{folder} 中已有同名的引擎包。</translation>
    </message>
    <message>
        <source>Another program ended it ({number}); it was not the system for want of memory. {free} of RAM are free now.</source>
        <translation>其他程序结束了它（{number}）；并非系统因内存不足而结束它。现在有 {free} 内存空闲。</translation>
    </message>
    <message>
        <source>Another program fetched it, and where from is not known.</source>
        <translation>它由其他程序下载，来源未知。</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Attach a part of it</source>
        <translation>附加其中一部分</translation>
    </message>
    <message>
        <source>Both came with this question.</source>
        <translation>此问题同时带有这两者。</translation>
    </message>
    <message>
        <source>Built in, demonstration by this project, not a DeepSeek release.</source>
        <translation>内置，由本项目制作的演示模型，并非 DeepSeek 发布。</translation>
    </message>
    <message>
        <source>By its header {name} is part of another model.</source>
        <translation>按其头部，{name} 属于另一个模型。</translation>
    </message>
    <message>
        <source>By its name it is part {named}, its header says {found}.</source>
        <translation>按名称它是分片 {named}，其头部中的编号为 {found}。</translation>
    </message>
    <message>
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Chat with it (launcher chat tiny)</source>
        <translation>与它对话（launcher chat tiny）</translation>
    </message>
    <message>
        <source>Check again</source>
        <translation>重新检查</translation>
    </message>
    <message>
        <source>Check again: a driver that prepares its programs for the first time may take minutes.</source>
        <translation>请重新检查：驱动程序首次准备其程序时可能需要几分钟。</translation>
    </message>
    <message>
        <source>Check proxy</source>
        <translation>检查代理</translation>
    </message>
    <message>
        <source>Check the address</source>
        <translation>检查地址</translation>
    </message>
    <message>
        <source>Check the download server</source>
        <translation>检查下载服务器</translation>
    </message>
    <message>
        <source>Check the link</source>
        <translation>检查链接</translation>
    </message>
    <message>
        <source>Check the model: launcher library verify</source>
        <translation>校验模型：launcher library verify</translation>
    </message>
    <message>
        <source>Check the path</source>
        <translation>检查路径</translation>
    </message>
    <message>
        <source>Check the proxy</source>
        <translation>检查代理</translation>
    </message>
    <message>
        <source>Choose another engine in Settings or install the launcher again, and report it.</source>
        <translation>请在“设置”中选择其他引擎或重新安装启动器，并报告此问题。</translation>
    </message>
    <message>
        <source>Choose another mirror</source>
        <translation>选择其他镜像</translation>
    </message>
    <message>
        <source>Choose another repository</source>
        <translation>选择其他仓库</translation>
    </message>
    <message>
        <source>Choose conversations.json or the archive of ChatGPT, a .conversation.json of LM Studio, an export of Open WebUI, or one of this program</source>
        <translation>请选择 ChatGPT 的 conversations.json 或归档文件、LM Studio 的 .conversation.json、Open WebUI 的导出文件，或此程序的导出文件</translation>
    </message>
    <message>
        <source>Choose the folder above it</source>
        <translation>选择它的上级文件夹</translation>
    </message>
    <message>
        <source>Chosen in the settings.</source>
        <translation>已在设置中选定。</translation>
    </message>
    <message>
        <source>Close other programs and measure again.</source>
        <translation>关闭其他程序，然后重新测量。</translation>
    </message>
    <message>
        <source>Close the chats and programs that use it, then try again</source>
        <translation>关闭使用它的对话和程序，然后重试</translation>
    </message>
    <message>
        <source>Connect the disk</source>
        <translation>连接磁盘</translation>
    </message>
    <message>
        <source>Copy a link of huggingface.co, or write owner/repository</source>
        <translation>复制 huggingface.co 的链接，或填写 owner/repository</translation>
    </message>
    <message>
        <source>Copy the link again: signed links run out</source>
        <translation>重新复制链接：带签名的链接会过期</translation>
    </message>
    <message>
        <source>Copy the link of a .gguf file, or write owner/repository</source>
        <translation>复制 .gguf 文件的链接，或填写 owner/repository</translation>
    </message>
    <message>
        <source>Copy the link of one file</source>
        <translation>复制单个文件的链接</translation>
    </message>
    <message>
        <source>Demonstration model: knows small arithmetic and this app&apos;s guide</source>
        <translation>演示模型：会简单算术，了解本程序的使用指南</translation>
    </message>
    <message>
        <source>Direct I/O does not exist on this system: the file was read as usual.</source>
        <translation>此系统不支持直接 I/O：已按通常方式读取文件。</translation>
    </message>
    <message>
        <source>Do not use it before its driver is updated or another engine is chosen in Settings.</source>
        <translation>在更新其驱动程序或在“设置”中选择其他引擎之前，请勿使用它。</translation>
    </message>
    <message>
        <source>Do not use it before the engine of that computer is the same as here; then check again.</source>
        <translation>在那台电脑的引擎与本机相同之前，请勿使用它；之后请重新检查。</translation>
    </message>
    <message>
        <source>Download it and open the file</source>
        <translation>下载后打开该文件</translation>
    </message>
    <message>
        <source>Download server: {address}.</source>
        <translation>下载服务器：{address}。</translation>
    </message>
    <message>
        <source>Encryption</source>
        <translation>加密</translation>
    </message>
    <message>
        <source>Enter another access token</source>
        <translation>输入其他访问令牌</translation>
    </message>
    <message>
        <source>Enter the proxy&apos;s password</source>
        <translation>输入代理密码</translation>
    </message>
    <message>
        <source>Fetch it again</source>
        <translation>重新下载</translation>
    </message>
    <message>
        <source>Fetch it again where it came from</source>
        <translation>从原来的来源重新下载</translation>
    </message>
    <message>
        <source>Fetch it again with that program</source>
        <translation>用该程序重新下载</translation>
    </message>
    <message>
        <source>Fetch it with: hf download {repo} {name}</source>
        <translation>用以下命令下载：hf download {repo} {name}</translation>
    </message>
    <message>
        <source>From {source}.</source>
        <translation>来自 {source}。</translation>
    </message>
    <message>
        <source>Go online</source>
        <translation>联网</translation>
    </message>
    <message>
        <source>HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names it.</source>
        <translation>由 HTTPS_PROXY、HTTP_PROXY 或 ALL_PROXY 指定。</translation>
    </message>
    <message>
        <source>It answered 403: whoever runs it does not allow this address.</source>
        <translation>它返回 403：其管理者不允许访问此地址。</translation>
    </message>
    <message>
        <source>It answered {status}.</source>
        <translation>它返回 {status}。</translation>
    </message>
    <message>
        <source>It answers with directions for the Xet protocol instead of the file.</source>
        <translation>它返回的是 Xet 协议的指引，而不是文件。</translation>
    </message>
    <message>
        <source>It asked for {size} at once.</source>
        <translation>它一次申请了 {size}。</translation>
    </message>
    <message>
        <source>It begins with zeros: an interrupted download left {size} without content.</source>
        <translation>文件以零字节开头：中断的下载留下了 {size} 没有内容的部分。</translation>
    </message>
    <message>
        <source>It begins with {found} instead of {wanted} and has {n} bytes.</source>
        <translation>其开头是 {found}，而不是 {wanted}；大小为 {n} 字节。</translation>
    </message>
    <message>
        <source>It belongs to llama-cpp-python {theirs}; this program has {ours}.</source>
        <translation>它对应 llama-cpp-python {theirs}；此程序使用的是 {ours}。</translation>
    </message>
    <message>
        <source>It cannot be read: {text}.</source>
        <translation>无法读取：{text}。</translation>
    </message>
    <message>
        <source>It did not accept the password of {user}.</source>
        <translation>它没有接受 {user} 的密码。</translation>
    </message>
    <message>
        <source>It did not answer within {n} s.</source>
        <translation>它在 {n} 秒内没有响应。</translation>
    </message>
    <message>
        <source>It divided by zero ({number}): a defect of the engine, or a damaged file.</source>
        <translation>它执行了除以零的运算（{number}）：引擎有缺陷，或文件已损坏。</translation>
    </message>
    <message>
        <source>It does not compile: {words}</source>
        <translation>无法编译：{words}</translation>
    </message>
    <message>
        <source>It does not lead to a .gguf file.</source>
        <translation>它指向的不是 .gguf 文件。</translation>
    </message>
    <message>
        <source>It ends in the middle of its header, after {size} bytes.</source>
        <translation>文件在 {size} 字节后就结束了，头部不完整。</translation>
    </message>
    <message>
        <source>It finds no graphics card for {backend} here.</source>
        <translation>它在本机没有找到可用于 {backend} 的显卡。</translation>
    </message>
    <message>
        <source>It gave back something else than what was written to it, {n} times.</source>
        <translation>它读出的内容与写入的不同，共 {n} 次。</translation>
    </message>
    <message>
        <source>It gave no reason.</source>
        <translation>没有给出原因。</translation>
    </message>
    <message>
        <source>It goes on by itself when that is over.</source>
        <translation>恢复后会自动继续。</translation>
    </message>
    <message>
        <source>It goes on by itself when there is room.</source>
        <translation>有空间后会自动继续。</translation>
    </message>
    <message>
        <source>It had no result within {n} s ({case}).</source>
        <translation>它在 {n} 秒内没有得出结果（{case}）。</translation>
    </message>
    <message>
        <source>It has a zero character.</source>
        <translation>其中含有零字符。</translation>
    </message>
    <message>
        <source>It has code for every processor; no graphics card can be used.</source>
        <translation>它含有适用于各种处理器的代码；无法使用显卡。</translation>
    </message>
    <message>
        <source>It has format {n}; this program knows {known}.</source>
        <translation>其格式版本为 {n}；此程序支持 {known}。</translation>
    </message>
    <message>
        <source>It has no library for {backend}.</source>
        <translation>它没有 {backend} 的库。</translation>
    </message>
    <message>
        <source>It has version {version}; this program reads versions up to {known}.</source>
        <translation>其版本为 {version}；此程序只能读取到版本 {known}。</translation>
    </message>
    <message>
        <source>It has {names}.</source>
        <translation>其中有 {names}。</translation>
    </message>
    <message>
        <source>It has {needed} tokens; {room} of the {all} tokens are left for it.</source>
        <translation>它有 {needed} 词元；{all} 词元中只剩 {room} 可用。</translation>
    </message>
    <message>
        <source>It has {n} characters; up to {most} are read.</source>
        <translation>它有 {n} 个字符；最多读取 {most} 个。</translation>
    </message>
    <message>
        <source>It has {n} characters; {most} are allowed.</source>
        <translation>它有 {n} 个字符；最多允许 {most} 个。</translation>
    </message>
    <message>
        <source>It has {n} tokens for {parallel} answers at once: the depth can be {most} at most.</source>
        <translation>上下文为 {n} 词元，供 {parallel} 个同时生成的回答使用：深度最多为 {most}。</translation>
    </message>
    <message>
        <source>It has {n} tokens; {loaded} are loaded and one must stay free for the answer. Nothing was cut.</source>
        <translation>它有 {n} 词元；加载的上下文为 {loaded} 词元，且须为回答留出一个。没有截去任何内容。</translation>
    </message>
    <message>
        <source>It has {size}; up to {most} are read.</source>
        <translation>其大小为 {size}；最多读取 {most}。</translation>
    </message>
    <message>
        <source>It held {size}.</source>
        <translation>它占用了 {size}。</translation>
    </message>
    <message>
        <source>It holds a library that its manifest does not list: {name}.</source>
        <translation>它含有清单中没有列出的库：{name}。</translation>
    </message>
    <message>
        <source>It holds an array of arrays, which this engine does not read.</source>
        <translation>它含有数组的数组，此引擎无法读取。</translation>
    </message>
    <message>
        <source>It holds no certificate that can be read. It must be in PEM format (BEGIN CERTIFICATE).</source>
        <translation>其中没有可读取的证书。必须是 PEM 格式（BEGIN CERTIFICATE）。</translation>
    </message>
    <message>
        <source>It holds tensors of type {name}, which only the ik_llama.cpp fork has.</source>
        <translation>它含有类型 {name} 的张量，只有 ik_llama.cpp 分支支持。</translation>
    </message>
    <message>
        <source>It holds tensors of type {name}, which the engine no longer reads.</source>
        <translation>它含有类型 {name} 的张量，引擎已不再支持。</translation>
    </message>
    <message>
        <source>It is a projector, an adapter or a vocabulary that goes with a model.</source>
        <translation>它是与模型配套的投影器、适配器或词表。</translation>
    </message>
    <message>
        <source>It is a web page.</source>
        <translation>它是一个网页。</translation>
    </message>
    <message>
        <source>It is an archive, not a DOCX document.</source>
        <translation>它是归档文件，不是 DOCX 文档。</translation>
    </message>
    <message>
        <source>It is an empty list.</source>
        <translation>它是空列表。</translation>
    </message>
    <message>
        <source>It is empty.</source>
        <translation>它是空的。</translation>
    </message>
    <message>
        <source>It is kept in the system keyring ({name}).</source>
        <translation>保存在系统密钥环中（{name}）。</translation>
    </message>
    <message>
        <source>It is kept only until the program ends: {reason}</source>
        <translation>仅保留到程序退出：{reason}</translation>
    </message>
    <message>
        <source>It is listed as {model} {quant}, from {tool}.</source>
        <translation>已列为 {model} {quant}，来自 {tool}。</translation>
    </message>
    <message>
        <source>It is neither a file here, nor owner/repository, nor a link that begins with https://.</source>
        <translation>它既不是本机上的文件，也不是 owner/repository，也不是以 https:// 开头的链接。</translation>
    </message>
    <message>
        <source>It is nested too deep.</source>
        <translation>嵌套过深。</translation>
    </message>
    <message>
        <source>It is not JSON: {error}.</source>
        <translation>它不是 JSON：{error}。</translation>
    </message>
    <message>
        <source>It is not UTF-8 text.</source>
        <translation>它不是 UTF-8 文本。</translation>
    </message>
    <message>
        <source>It is not a llama.cpp RPC server of this version.</source>
        <translation>它不是此版本的 llama.cpp RPC 服务器。</translation>
    </message>
    <message>
        <source>It is not a regular file.</source>
        <translation>它不是文件。</translation>
    </message>
    <message>
        <source>It is not the link of a model or of one of its files.</source>
        <translation>它不是模型或模型文件的链接。</translation>
    </message>
    <message>
        <source>It is not there.</source>
        <translation>它不存在。</translation>
    </message>
    <message>
        <source>It is switched off in this placement.</source>
        <translation>此加载配置中已将其关闭。</translation>
    </message>
    <message>
        <source>It is switched on in the settings.</source>
        <translation>已在设置中开启。</translation>
    </message>
    <message>
        <source>It is the one in the launcher&apos;s settings.</source>
        <translation>是启动器设置中的那个。</translation>
    </message>
    <message>
        <source>It is the pointer of a large file in git (LFS), not the file itself.</source>
        <translation>它是 git 大文件（LFS）的指针，而不是文件本身。</translation>
    </message>
    <message>
        <source>It is {n}; the least is 1.</source>
        <translation>其值为 {n}；最小为 1。</translation>
    </message>
    <message>
        <source>It knows {its} tokens, the model {other}; they may differ by {most}.</source>
        <translation>它有 {its} 个词元，模型有 {other} 个；最多可相差 {most} 个。</translation>
    </message>
    <message>
        <source>It lies between {least} and {most}.</source>
        <translation>其范围为 {least} 至 {most}。</translation>
    </message>
    <message>
        <source>It lies in {path} and may be in use by another program, so it stays there.</source>
        <translation>它位于 {path}，可能正被其他程序使用，因此留在那里。</translation>
    </message>
    <message>
        <source>It lists 1 file, which is no complete GGUF model.</source>
        <translation>其中列出 1 个文件，它不是完整的 GGUF 模型。</translation>
    </message>
    <message>
        <source>It lists {names}. A driver may have changed since the plan was made.</source>
        <translation>它列出了 {names}。生成方案之后，驱动程序可能有变化。</translation>
    </message>
    <message>
        <source>It lists {n} files, none of them a complete GGUF model.</source>
        <translation>它列出了 {n} 个文件，其中没有完整的 GGUF 模型。</translation>
    </message>
    <message>
        <source>It must be one word of letters, digits and signs, as the hub&apos;s page shows it.</source>
        <translation>应为 hub 网页上显示的一串字母、数字和符号，中间没有空格。</translation>
    </message>
    <message>
        <source>It must begin with http://, https://, socks5:// or socks5h://.</source>
        <translation>必须以 http://、https://、socks5:// 或 socks5h:// 开头。</translation>
    </message>
    <message>
        <source>It must look like https://mirror.example, with a path after it where the mirror says so.</source>
        <translation>应为 https://mirror.example 的形式；如镜像要求，后面可加路径。</translation>
    </message>
    <message>
        <source>It must name a host, as in http://proxy.example:3128.</source>
        <translation>必须包含主机，例如 http://proxy.example:3128。</translation>
    </message>
    <message>
        <source>It must not hold a name or password.</source>
        <translation>不能包含用户名或密码。</translation>
    </message>
    <message>
        <source>It names backends that this program does not know.</source>
        <translation>它列出了此程序不认识的后端。</translation>
    </message>
    <message>
        <source>It repeats a group that has a repetition in it, which may be tried forever.</source>
        <translation>它重复了一个内含重复的分组，匹配可能永远不会结束。</translation>
    </message>
    <message>
        <source>It says: {answer}</source>
        <translation>它返回：{answer}</translation>
    </message>
    <message>
        <source>It sent another part of the file than was asked for.</source>
        <translation>它发来的不是所请求的那部分文件。</translation>
    </message>
    <message>
        <source>It should be at {path}.</source>
        <translation>它应位于 {path}。</translation>
    </message>
    <message>
        <source>It splits the layers over {n} cards; {m} are named.</source>
        <translation>它把层分配到 {n} 张显卡，而指定的是 {m} 张。</translation>
    </message>
    <message>
        <source>It stopped {n} times within {minutes} minutes.</source>
        <translation>它在 {minutes} 分钟内停止了 {n} 次。</translation>
    </message>
    <message>
        <source>It wants a user name and password, and none is set.</source>
        <translation>它要求用户名和密码，但没有设置。</translation>
    </message>
    <message>
        <source>It was built for this processor.</source>
        <translation>它针对此处理器编译。</translation>
    </message>
    <message>
        <source>It was built for {theirs}; this computer is {ours}.</source>
        <translation>它为 {theirs} 编译；这台电脑是 {ours}。</translation>
    </message>
    <message>
        <source>It was installed as a Debian package. Download the new .deb file and install it over this version: sudo apt install ./FILE.deb, or open it with your software centre.</source>
        <translation>它以 Debian 软件包形式安装。请下载新的 .deb 文件并覆盖安装此版本：sudo apt install ./FILE.deb，或用软件中心打开它。</translation>
    </message>
    <message>
        <source>It was made without the permission to read gated repositories; its settings on {host} can add that.</source>
        <translation>创建它时没有授予读取受限仓库的权限；可在 {host} 上的令牌设置中添加。</translation>
    </message>
    <message>
        <source>It was not done after {n} seconds and was stopped.</source>
        <translation>{n} 秒后仍未完成，已被停止。</translation>
    </message>
    <message>
        <source>It was stopped after {seconds} s.</source>
        <translation>运行 {seconds} 秒后已被停止。</translation>
    </message>
    <message>
        <source>It was stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>It was written for big-endian computers.</source>
        <translation>它是为大端序电脑制作的。</translation>
    </message>
    <message>
        <source>It works; {name} comes first.</source>
        <translation>可以运行；优先使用 {name}。</translation>
    </message>
    <message>
        <source>Its certificate could not be verified: {message}.</source>
        <translation>无法验证其证书：{message}。</translation>
    </message>
    <message>
        <source>Its certificate is for another name: something on the way answers in its place, such as a login page.</source>
        <translation>其证书属于另一个名称：途中有其他设备代替它响应，例如登录页。</translation>
    </message>
    <message>
        <source>Its certificate is out of date, or this computer&apos;s clock is wrong: it says {now}.</source>
        <translation>其证书已过期，或这台电脑的时钟不准：显示为 {now}。</translation>
    </message>
    <message>
        <source>Its certificate is signed by somebody this computer does not know. A company network or virus scanner that inspects traffic does this; its certificate can be added.</source>
        <translation>其证书的签发者不为这台电脑所知。检查流量的公司网络或杀毒软件会造成这种情况；可以添加其证书。</translation>
    </message>
    <message>
        <source>Its data are not where they must be.</source>
        <translation>其数据不在应有的位置。</translation>
    </message>
    <message>
        <source>Its document is damaged: {error}.</source>
        <translation>其中的文档已损坏：{error}。</translation>
    </message>
    <message>
        <source>Its error: {words}</source>
        <translation>它的错误：{words}</translation>
    </message>
    <message>
        <source>Its groups are nested {n} deep; {most} are allowed.</source>
        <translation>其分组嵌套了 {n} 层；最多允许 {most} 层。</translation>
    </message>
    <message>
        <source>Its header claims more than {limit} bytes.</source>
        <translation>其头部声称超过 {limit} 字节。</translation>
    </message>
    <message>
        <source>Its header claims {n_expert} experts, {n_used} of them used per token.</source>
        <translation>其头部声明有 {n_expert} 个专家，每词元使用其中 {n_used} 个。</translation>
    </message>
    <message>
        <source>Its header counts {count} parts, its name {named}.</source>
        <translation>其头部记为 {count} 个分片，名称则为 {named} 个。</translation>
    </message>
    <message>
        <source>Its metadata hold more text than those of any model.</source>
        <translation>其元数据中的文本比任何模型的都多。</translation>
    </message>
    <message>
        <source>Its name is not valid text (UTF-8). Rename it to use it.</source>
        <translation>其名称不是有效的文本（UTF-8）。请重命名后使用。</translation>
    </message>
    <message>
        <source>Its name was not found: there is no network, or its name server does not know or blocks it.</source>
        <translation>找不到其名称：没有网络，或域名服务器不认识或屏蔽了它。</translation>
    </message>
    <message>
        <source>Its parts hold {n} tensors, its header counts {total}.</source>
        <translation>其各分片共有 {n} 个张量，头部则记为 {total} 个。</translation>
    </message>
    <message>
        <source>Its results differ from the processor&apos;s by {error} in {cases} of {all} models ({case}; up to {most} is rounding).</source>
        <translation>{all} 个模型中有 {cases} 个的结果与处理器的不同，相差 {error}（{case}；{most} 以内属于舍入误差）。</translation>
    </message>
    <message>
        <source>Its rows have {row} elements, which {type} cannot store.</source>
        <translation>其每行有 {row} 个元素，{type} 无法存储。</translation>
    </message>
    <message>
        <source>Its smallest file, {quant}, needs {size} of disk; {free} are free.</source>
        <translation>最小的文件 {quant} 需要 {size} 磁盘空间；磁盘剩余 {free}。</translation>
    </message>
    <message>
        <source>Its worker died at the start.</source>
        <translation>其引擎进程一启动就终止了。</translation>
    </message>
    <message>
        <source>Its {size} do not begin with “GGUF”. Models for this program are GGUF files; others (safetensors, MLX, ONNX) have to be converted first.</source>
        <translation>这 {size} 的开头不是“GGUF”。此程序使用 GGUF 格式的模型；其他格式（safetensors、MLX、ONNX）须先转换。</translation>
    </message>
    <message>
        <source>Its {size} have the checksum {found}…, the hub says {wanted}…, also after everything was fetched a second time. It was not installed.</source>
        <translation>这 {size} 的校验和是 {found}…，而 hub 给出的是 {wanted}…，全部重新下载一遍后仍然如此。没有安装。</translation>
    </message>
    <message>
        <source>KV cache type</source>
        <translation>KV 缓存类型</translation>
    </message>
    <message>
        <source>KV cache {now} instead of {before}</source>
        <translation>KV 缓存由 {before} 改为 {now}</translation>
    </message>
    <message>
        <source>KV cache {type} instead of f16: {now} instead of {before} for {n} tokens, with hardly any loss.</source>
        <translation>KV 缓存用 {type} 代替 f16：{n} 词元所需从 {before} 降至 {now}，几乎没有损失。</translation>
    </message>
    <message>
        <source>KV cache {type} instead of f16: {now} instead of {before} for {n} tokens, with some loss.</source>
        <translation>KV 缓存用 {type} 代替 f16：{n} 词元所需从 {before} 降至 {now}，有一定损失。</translation>
    </message>
    <message>
        <source>Known are {names}.</source>
        <translation>已知的有 {names}。</translation>
    </message>
    <message>
        <source>Knows small arithmetic and this app&apos;s guide, in English and Chinese.</source>
        <translation>会简单算术，了解本程序的使用指南，支持中英文。</translation>
    </message>
    <message>
        <source>Latent attention (MLA) was computed without flash attention there.</source>
        <translation>在那里，潜在注意力（MLA）是不用 Flash Attention 计算的。</translation>
    </message>
    <message>
        <source>Least loss of this model: {loss}</source>
        <translation>此模型中损失最小的版本：{loss}</translation>
    </message>
    <message>
        <source>Leave cards alone with --vram-cap 0</source>
        <translation>用 --vram-cap 0 排除部分显卡</translation>
    </message>
    <message>
        <source>Leave it out</source>
        <translation>省略它</translation>
    </message>
    <message>
        <source>Leave out the oldest messages</source>
        <translation>略去最早的消息</translation>
    </message>
    <message>
        <source>Left out:</source>
        <translation>未导入：</translation>
    </message>
    <message>
        <source>List them: launcher models</source>
        <translation>列出全部：launcher models</translation>
    </message>
    <message>
        <source>Load again</source>
        <translation>重新加载</translation>
    </message>
    <message>
        <source>Load with KV cache {type}</source>
        <translation>以 KV 缓存 {type} 加载</translation>
    </message>
    <message>
        <source>Load with {n} context</source>
        <translation>以 {n} 上下文加载</translation>
    </message>
    <message>
        <source>Loading {name} {quant}</source>
        <translation>正在加载 {name} {quant}</translation>
    </message>
    <message>
        <source>Log in to the network</source>
        <translation>登录网络</translation>
    </message>
    <message>
        <source>Look again</source>
        <translation>重新检测</translation>
    </message>
    <message>
        <source>Look for a GGUF version of it</source>
        <translation>查找它的 GGUF 版本</translation>
    </message>
    <message>
        <source>Look for a repository whose name ends in GGUF</source>
        <translation>查找名称以 GGUF 结尾的仓库</translation>
    </message>
    <message>
        <source>MIG cuts this card into {parts}; the engine can use one of them. The figures are the whole card&apos;s.</source>
        <translation>MIG 把此卡分成{parts}，引擎只能使用其中之一。数字为整张卡的。</translation>
    </message>
    <message>
        <source>MIT</source>
        <translation>MIT</translation>
    </message>
    <message>
        <source>MIT (DeepSeek); base: Llama-3.1-8B base (Llama 3.1 licence)</source>
        <translation>MIT（DeepSeek）；基础模型：Llama-3.1-8B（Llama 3.1 许可证）</translation>
    </message>
    <message>
        <source>MIT (DeepSeek); base: Llama-3.3-70B-Instruct (Llama 3.3 licence)</source>
        <translation>MIT（DeepSeek）；基础模型：Llama-3.3-70B-Instruct（Llama 3.3 许可证）</translation>
    </message>
    <message>
        <source>MIT (DeepSeek); base: Qwen2.5-14B (Apache-2.0)</source>
        <translation>MIT（DeepSeek）；基础模型：Qwen2.5-14B（Apache-2.0）</translation>
    </message>
    <message>
        <source>MIT (DeepSeek); base: Qwen2.5-32B (Apache-2.0)</source>
        <translation>MIT（DeepSeek）；基础模型：Qwen2.5-32B（Apache-2.0）</translation>
    </message>
    <message>
        <source>MIT (DeepSeek); base: Qwen2.5-Math-1.5B (Apache-2.0)</source>
        <translation>MIT（DeepSeek）；基础模型：Qwen2.5-Math-1.5B（Apache-2.0）</translation>
    </message>
    <message>
        <source>MIT (DeepSeek); base: Qwen2.5-Math-7B (Apache-2.0)</source>
        <translation>MIT（DeepSeek）；基础模型：Qwen2.5-Math-7B（Apache-2.0）</translation>
    </message>
    <message>
        <source>MIT (memory)</source>
        <translation>MIT（凭记忆，未核实）</translation>
    </message>
    <message>
        <source>MIT; base Qwen3-8B-Base (Apache-2.0)</source>
        <translation>MIT；基础模型 Qwen3-8B-Base（Apache-2.0）</translation>
    </message>
    <message>
        <source>Made for a fork of llama.cpp; this engine cannot load it.</source>
        <translation>为 llama.cpp 的分支制作，此引擎无法加载。</translation>
    </message>
    <message>
        <source>Made for the ds4 engine; its size is not published.</source>
        <translation>为 ds4 引擎制作，未公布大小。</translation>
    </message>
    <message>
        <source>Made for the ds4 engine; not verified with this one.</source>
        <translation>为 ds4 引擎制作，未在此引擎上验证。</translation>
    </message>
    <message>
        <source>Make the folder for temporary files writable</source>
        <translation>将临时文件夹设为可写</translation>
    </message>
    <message>
        <source>Metal is only on macOS.</source>
        <translation>Metal 仅适用于 macOS。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Model in RAM</source>
        <translation>内存中的模型</translation>
    </message>
    <message>
        <source>Model on {device}</source>
        <translation>{device} 上的模型</translation>
    </message>
    <message>
        <source>Models are files that end in .gguf, at most a few folders deep.</source>
        <translation>模型是以 .gguf 结尾的文件，最多位于几层子文件夹之内。</translation>
    </message>
    <message>
        <source>Models are moved one after the other.</source>
        <translation>模型会逐个移动。</translation>
    </message>
    <message>
        <source>Models cannot go into the folder of a model.</source>
        <translation>模型不能放进另一个模型的文件夹。</translation>
    </message>
    <message>
        <source>Models of the architecture {name} cannot be split by tensors.</source>
        <translation>架构 {name} 的模型无法按张量拆分。</translation>
    </message>
    <message>
        <source>Most RAM used</source>
        <translation>内存峰值</translation>
    </message>
    <message>
        <source>Most VRAM used</source>
        <translation>显存峰值</translation>
    </message>
    <message>
        <source>Moved to {folder}.</source>
        <translation>已移动到 {folder}。</translation>
    </message>
    <message>
        <source>Moving {size} to {folder}.</source>
        <translation>正在将 {size} 移动到 {folder}。</translation>
    </message>
    <message>
        <source>NUMA nodes can be used on Linux only: the setting {mode} changes nothing.</source>
        <translation>只有 Linux 能使用 NUMA 节点：设置 {mode} 不起作用。</translation>
    </message>
    <message>
        <source>NUMA setting</source>
        <translation>NUMA 设置</translation>
    </message>
    <message>
        <source>NVIDIA driver</source>
        <translation>NVIDIA 驱动程序</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver does not tell how many cards there are (code {code}).</source>
        <translation>NVIDIA 驱动程序没有给出显卡数量（代码 {code}）。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver gave a senseless value for {what}.</source>
        <translation>NVIDIA 驱动程序给出的{what}值不合理。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver gave an error (code {code}).</source>
        <translation>NVIDIA 驱动程序返回错误（代码 {code}）。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver gave error {code} for {what}.</source>
        <translation>NVIDIA 驱动程序读取{what}时返回错误 {code}。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver is installed but not running.</source>
        <translation>NVIDIA 驱动程序已安装但没有运行。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver is not installed.</source>
        <translation>没有安装 NVIDIA 驱动程序。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver is too old to be read; a newer one is needed.</source>
        <translation>NVIDIA 驱动程序太旧，无法读取；需要更新的版本。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver is too old to report {what}.</source>
        <translation>NVIDIA 驱动程序太旧，无法报告{what}。</translation>
    </message>
    <message>
        <source>NVIDIA&apos;s driver was updated while the computer ran; restart the computer to use it.</source>
        <translation>NVIDIA 驱动程序在开机期间更新过；请重启电脑后使用。</translation>
    </message>
    <message>
        <source>Name one, as {repo}:{quant}</source>
        <translation>指定其中一个，如 {repo}:{quant}</translation>
    </message>
    <message>
        <source>Native FP8 tensors: probably for a fork only, not verified.</source>
        <translation>原生 FP8 张量：可能仅适用于某个分支，未验证。</translation>
    </message>
    <message>
        <source>Near names: {names}.</source>
        <translation>相近的名称：{names}。</translation>
    </message>
    <message>
        <source>Needs tensor types that only the ik_llama.cpp fork has; this engine cannot load it.</source>
        <translation>需要 ik_llama.cpp 分支独有的张量类型，此引擎无法加载。</translation>
    </message>
    <message>
        <source>Needs the architecture deepseek41, which this engine does not have yet.</source>
        <translation>需要此引擎尚不支持的 deepseek41 架构。</translation>
    </message>
    <message>
        <source>Needs {need} of memory; {room} can be used here.</source>
        <translation>需要 {need} 内存；此处可用 {room}。</translation>
    </message>
    <message>
        <source>Needs {size} for a moment; {free} are free in {folder}.</source>
        <translation>暂时需要 {size}；{folder} 空闲 {free}。</translation>
    </message>
    <message>
        <source>Needs {size} more and {slack} to spare.</source>
        <translation>还需要 {size}，另加 {slack} 余量。</translation>
    </message>
    <message>
        <source>Needs {size} more memory on the graphics card than is free.</source>
        <translation>显卡的空闲显存还差 {size}。</translation>
    </message>
    <message>
        <source>Needs {size} of RAM for a moment; {free} are free.</source>
        <translation>暂时需要 {size} 内存；现有 {free} 空闲。</translation>
    </message>
    <message>
        <source>No GGUF file is known. V2.5 is the same model, newer and better.</source>
        <translation>没有已知的 GGUF 文件。V2.5 是同一模型的更新更好版本。</translation>
    </message>
    <message>
        <source>No GGUF of the chat model has been verified; the known one is the base model.</source>
        <translation>对话模型没有经过验证的 GGUF；已知的是基础模型。</translation>
    </message>
    <message>
        <source>No GGUF repository has been verified.</source>
        <translation>没有经过验证的 GGUF 仓库。</translation>
    </message>
    <message>
        <source>No GGUF repository is known.</source>
        <translation>没有已知的 GGUF 仓库。</translation>
    </message>
    <message>
        <source>No bytes of the file came.</source>
        <translation>没有收到文件的任何字节。</translation>
    </message>
    <message>
        <source>No encrypted connection could be made ({reason}).</source>
        <translation>未能建立加密连接（{reason}）。</translation>
    </message>
    <message>
        <source>No file for this engine with a published size. V4-Pro-0813 replaces it.</source>
        <translation>没有公布了大小且适用于此引擎的文件。已被 V4-Pro-0813 取代。</translation>
    </message>
    <message>
        <source>No file of it can be loaded by this engine.</source>
        <translation>此引擎无法加载它的任何文件。</translation>
    </message>
    <message>
        <source>No file of it.</source>
        <translation>它没有任何文件。</translation>
    </message>
    <message>
        <source>No file there can be larger than {size}; most models are.</source>
        <translation>那里的单个文件不能超过 {size}，而大多数模型更大。</translation>
    </message>
    <message>
        <source>No graphics card</source>
        <translation>无显卡</translation>
    </message>
    <message>
        <source>No known name is near it.</source>
        <translation>没有相近的已知名称。</translation>
    </message>
    <message>
        <source>No layer goes to a graphics card, and the engine uses none then.</source>
        <translation>没有任何层放到显卡上，引擎因此不使用显卡。</translation>
    </message>
    <message>
        <source>No model is loaded.</source>
        <translation>没有加载模型。</translation>
    </message>
    <message>
        <source>No port of the loopback interface could be used in {n} tries.</source>
        <translation>尝试了 {n} 次，都没有可用的回环接口端口。</translation>
    </message>
    <message>
        <source>No proxy.</source>
        <translation>无代理。</translation>
    </message>
    <message>
        <source>No proxy: the system uses a configuration script ({script}), which is not supported. Enter its proxy in the settings.</source>
        <translation>无代理：系统使用配置脚本（{script}），不受支持。请在设置中输入其代理。</translation>
    </message>
    <message>
        <source>No release feed is set in this build.</source>
        <translation>此构建没有设置发布源。</translation>
    </message>
    <message>
        <source>No single graphics card is known as {name}.</source>
        <translation>没有唯一对应 {name} 的已知显卡。</translation>
    </message>
    <message>
        <source>No tools.</source>
        <translation>不支持工具调用。</translation>
    </message>
    <message>
        <source>None is set. Public models need none.</source>
        <translation>没有设置。公开的模型不需要。</translation>
    </message>
    <message>
        <source>None of its layers holds a tensor.</source>
        <translation>它的各层都不含张量。</translation>
    </message>
    <message>
        <source>None of the known programs writes such a file.</source>
        <translation>已知的程序都不生成这样的文件。</translation>
    </message>
    <message>
        <source>None of the model&apos;s tokens is allowed at this place.</source>
        <translation>模型的所有词元在此处都不被允许。</translation>
    </message>
    <message>
        <source>None of these holds it.</source>
        <translation>这些都放不下它。</translation>
    </message>
    <message>
        <source>Not a chat model.</source>
        <translation>不是对话模型。</translation>
    </message>
    <message>
        <source>Not fast enough: {name} reaches {speed} tokens/s, {wanted} were asked for.</source>
        <translation>速度不够：{name} 达到 {speed} 词元/秒，而要求是 {wanted}。</translation>
    </message>
    <message>
        <source>Nothing answers at that address and port (connection refused).</source>
        <translation>该地址和端口没有响应（连接被拒绝）。</translation>
    </message>
    <message>
        <source>Nothing came back within {n} s.</source>
        <translation>{n} 秒内没有收到响应。</translation>
    </message>
    <message>
        <source>Nothing came back within {time}.</source>
        <translation>{time}内没有收到响应。</translation>
    </message>
    <message>
        <source>Nothing came for {time}.</source>
        <translation>{time}没有收到数据。</translation>
    </message>
    <message>
        <source>Nothing can draft for this model.</source>
        <translation>无法为此模型提出候选词元。</translation>
    </message>
    <message>
        <source>Nothing half written is left.</source>
        <translation>没有留下未写完的文件。</translation>
    </message>
    <message>
        <source>Nothing may follow the path.</source>
        <translation>路径后面不能再有内容。</translation>
    </message>
    <message>
        <source>Nothing may follow the port. Automatic configuration scripts (PAC) are not supported.</source>
        <translation>端口后面不能再有内容。不支持自动配置脚本（PAC）。</translation>
    </message>
    <message>
        <source>Nothing was changed.</source>
        <translation>没有做任何更改。</translation>
    </message>
    <message>
        <source>Nothing was sent: the JSON schema of this chat cannot be used as it is.</source>
        <translation>没有发送任何内容：此对话的 JSON schema 按现有内容无法使用。</translation>
    </message>
    <message>
        <source>Offline mode is on, so nothing is fetched.</source>
        <translation>离线模式已开启，不会下载任何内容。</translation>
    </message>
    <message>
        <source>One NUMA node was found: the setting {mode} changes nothing.</source>
        <translation>只找到一个 NUMA 节点：设置 {mode} 不起作用。</translation>
    </message>
    <message>
        <source>One that you enter here goes first.</source>
        <translation>在此输入的令牌优先。</translation>
    </message>
    <message>
        <source>Only links that begin with https:// or http:// can be read.</source>
        <translation>只能读取以 https:// 或 http:// 开头的链接。</translation>
    </message>
    <message>
        <source>Only models of the hub can be downloaded.</source>
        <translation>只能下载 hub 上的模型。</translation>
    </message>
    <message>
        <source>Only numbers of up to {count} digits can be kept in a range (in &quot;{place}&quot;).</source>
        <translation>范围限制只支持不超过 {count} 位的数字（位于“{place}”）。</translation>
    </message>
    <message>
        <source>Only references within the schema (#/...) can be followed, not {reference}.</source>
        <translation>只支持 schema 内部的引用 (#/...)，不支持 {reference}。</translation>
    </message>
    <message>
        <source>Only test files of a llama.cpp change are known. V3.2 replaces it.</source>
        <translation>只有用于测试 llama.cpp 改动的文件。已被 V3.2 取代。</translation>
    </message>
    <message>
        <source>Only {size} came within {time}.</source>
        <translation>{time}内只收到 {size}。</translation>
    </message>
    <message>
        <source>Only {size} of it fit on your card;</source>
        <translation>显卡只放得下 {size}，</translation>
    </message>
    <message>
        <source>Only {size} of it fit on your cards;</source>
        <translation>所有显卡只放得下 {size}，</translation>
    </message>
    <message>
        <source>Only {size} of memory are left for other programs.</source>
        <translation>留给其他程序的内存仅有 {size}。</translation>
    </message>
    <message>
        <source>Open the network&apos;s login page</source>
        <translation>打开网络的登录页</translation>
    </message>
    <message>
        <source>Open the page</source>
        <translation>打开页面</translation>
    </message>
    <message>
        <source>Open the token&apos;s settings</source>
        <translation>打开令牌设置</translation>
    </message>
    <message>
        <source>Or keep a rough result: launcher calibrate --force.</source>
        <translation>或保留粗略的结果：launcher calibrate --force。</translation>
    </message>
    <message>
        <source>Other programs use {load} of the processor.</source>
        <translation>其他程序占用了处理器的 {load}。</translation>
    </message>
    <message>
        <source>PCIe link</source>
        <translation>PCIe 链路</translation>
    </message>
    <message>
        <source>Part {index} of {count} is not plausible.</source>
        <translation>第 {index} 个分片（共 {count} 个）不合理。</translation>
    </message>
    <message>
        <source>Picture: {name}</source>
        <translation>图片：{name}</translation>
    </message>
    <message>
        <source>Plan again</source>
        <translation>重新规划</translation>
    </message>
    <message>
        <source>Planned: {planned} of {all} layers on the graphics card. Actual: {actual}. The processor does the rest.</source>
        <translation>计划：{all} 层中的 {planned} 层放在显卡上。实际：{actual} 层。其余由处理器完成。</translation>
    </message>
    <message>
        <source>Planned: {planned} tokens of context. Actual: {actual}.</source>
        <translation>计划：上下文 {planned} 词元。实际：{actual} 词元。</translation>
    </message>
    <message>
        <source>Prediction layers of the architecture {name} are not supported yet.</source>
        <translation>尚不支持架构 {name} 的预测层。</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Proves theorems; maths only.</source>
        <translation>证明定理；仅限数学。</translation>
    </message>
    <message>
        <source>Proxy: {address}, from {source}.</source>
        <translation>代理：{address}，来自{source}。</translation>
    </message>
    <message>
        <source>Put all files into one folder</source>
        <translation>将所有文件放进同一个文件夹</translation>
    </message>
    <message>
        <source>Qwen3-8B trained on R1-0528&apos;s answers; not the 671B R1.</source>
        <translation>用 R1-0528 的回答训练的 Qwen3-8B，并非 671B 的 R1 本身。</translation>
    </message>
    <message>
        <source>R1 and V3, 671B</source>
        <translation>R1 和 V3，671B</translation>
    </message>
    <message>
        <source>R1 distils</source>
        <translation>R1 蒸馏模型</translation>
    </message>
    <message>
        <source>RAM free now: {size}.</source>
        <translation>现在空闲的内存：{size}。</translation>
    </message>
    <message>
        <source>Read from it and here: {chats} with {messages}.</source>
        <translation>已从中读取并恢复到此处：{chats}，共 {messages}。</translation>
    </message>
    <message>
        <source>Reading the prompt</source>
        <translation>读取提示词</translation>
    </message>
    <message>
        <source>Reads text from images.</source>
        <translation>从图像中识别文字。</translation>
    </message>
    <message>
        <source>Reads text from images; it is not a chat model and this version has no image input.</source>
        <translation>从图像中识别文字；不是对话模型，且此版本不支持图像输入。</translation>
    </message>
    <message>
        <source>Reads text from images; not a chat model, and this version has no image input.</source>
        <translation>从图像中识别文字；不是对话模型，且此版本不支持图像输入。</translation>
    </message>
    <message>
        <source>Released in autumn 2026; this engine cannot load it yet.</source>
        <translation>2026 年秋季发布；此引擎尚无法加载。</translation>
    </message>
    <message>
        <source>See the models that run here</source>
        <translation>查看本机可运行的模型</translation>
    </message>
    <message>
        <source>Set TMPDIR to a folder on another disk</source>
        <translation>将 TMPDIR 设为其他磁盘上的文件夹</translation>
    </message>
    <message>
        <source>Set the clock</source>
        <translation>校准时钟</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Shorten a message</source>
        <translation>缩短某条消息</translation>
    </message>
    <message>
        <source>Shorten the message</source>
        <translation>缩短消息</translation>
    </message>
    <message>
        <source>Show it</source>
        <translation>显示</translation>
    </message>
    <message>
        <source>Show it in its folder</source>
        <translation>在文件夹中显示</translation>
    </message>
    <message>
        <source>Show the file</source>
        <translation>显示文件</translation>
    </message>
    <message>
        <source>Show the folder</source>
        <translation>显示文件夹</translation>
    </message>
    <message>
        <source>Sizes are not published, and this version has no image input.</source>
        <translation>未公布大小，且此版本不支持图像输入。</translation>
    </message>
    <message>
        <source>Small and fast chat, 2024.</source>
        <translation>小而快的对话模型，2024 年。</translation>
    </message>
    <message>
        <source>Small and from 2024; does not think first.</source>
        <translation>2024 年的小模型；不会先思考。</translation>
    </message>
    <message>
        <source>Small models that learned from R1: they run on ordinary PCs.</source>
        <translation>向 R1 学习的小模型：普通电脑即可运行。</translation>
    </message>
    <message>
        <source>So many answers cannot be made at once.</source>
        <translation>无法同时生成这么多个回答。</translation>
    </message>
    <message>
        <source>So many threads cannot be used.</source>
        <translation>无法使用这么多线程。</translation>
    </message>
    <message>
        <source>Special models</source>
        <translation>专用模型</translation>
    </message>
    <message>
        <source>Split mode tensor needs flash attention.</source>
        <translation>拆分方式 tensor 需要 flash attention。</translation>
    </message>
    <message>
        <source>Start a new chat</source>
        <translation>开始新对话</translation>
    </message>
    <message>
        <source>Start over</source>
        <translation>重新开始</translation>
    </message>
    <message>
        <source>Start over with the new file</source>
        <translation>用新文件重新开始</translation>
    </message>
    <message>
        <source>Start rpc-server there</source>
        <translation>在那台电脑上启动 rpc-server</translation>
    </message>
    <message>
        <source>Stopped.</source>
        <translation>已停止。</translation>
    </message>
    <message>
        <source>Summarise the oldest messages</source>
        <translation>为最早的消息生成摘要</translation>
    </message>
    <message>
        <source>Tensors cannot be put on {device}.</source>
        <translation>无法将张量放在 {device} 上。</translation>
    </message>
    <message>
        <source>Test files of a llama.cpp change.</source>
        <translation>用于测试 llama.cpp 改动的文件。</translation>
    </message>
    <message>
        <source>Test the connection</source>
        <translation>测试连接</translation>
    </message>
    <message>
        <source>Text can be read only from a PDF without a password.</source>
        <translation>只能读取没有密码的 PDF 中的文字。</translation>
    </message>
    <message>
        <source>Text part only would run here.</source>
        <translation>此处只能运行文本部分。</translation>
    </message>
    <message>
        <source>Text, source, Markdown, CSV, PDF and DOCX files can be attached.</source>
        <translation>可以附加文本、源代码、Markdown、CSV、PDF 和 DOCX 文件。</translation>
    </message>
    <message>
        <source>That link leads to another server, which publishes no checksums.</source>
        <translation>该链接指向另一台不公布校验和的服务器。</translation>
    </message>
    <message>
        <source>That version of {repo} is not on the hub any more.</source>
        <translation>hub 上已没有 {repo} 的这个版本。</translation>
    </message>
    <message>
        <source>The JSON schema cannot be used.</source>
        <translation>无法使用此 JSON schema。</translation>
    </message>
    <message>
        <source>The PDF is damaged: {error}.</source>
        <translation>PDF 已损坏：{error}。</translation>
    </message>
    <message>
        <source>The access token cannot be used.</source>
        <translation>无法使用此访问令牌。</translation>
    </message>
    <message>
        <source>The access token is not valid.</source>
        <translation>访问令牌无效。</translation>
    </message>
    <message>
        <source>The access token may not read this model.</source>
        <translation>此访问令牌无权读取该模型。</translation>
    </message>
    <message>
        <source>The account of your access token has not accepted the terms of its page, or was not let in.</source>
        <translation>您访问令牌所属的账户没有接受其页面上的条款，或未获准访问。</translation>
    </message>
    <message>
        <source>The address begins with http://: nothing is encrypted.</source>
        <translation>地址以 http:// 开头：没有加密。</translation>
    </message>
    <message>
        <source>The answer ends here.</source>
        <translation>回答到此结束。</translation>
    </message>
    <message>
        <source>The archive holds no conversations.json.</source>
        <translation>归档文件中没有 conversations.json。</translation>
    </message>
    <message>
        <source>The archive in it is damaged or locked.</source>
        <translation>其中的归档已损坏或已加密。</translation>
    </message>
    <message>
        <source>The archive is damaged or locked.</source>
        <translation>归档文件已损坏或已加密。</translation>
    </message>
    <message>
        <source>The best for NVIDIA driver {version}.</source>
        <translation>最适合 NVIDIA 驱动程序 {version}。</translation>
    </message>
    <message>
        <source>The built-in model answers as on the processor.</source>
        <translation>内置模型的回答与处理器上的一致。</translation>
    </message>
    <message>
        <source>The built-in model answers {question} with “{here}”, on the processor with “{there}”.</source>
        <translation>对于 {question}，内置模型在此回答“{here}”，在处理器上回答“{there}”。</translation>
    </message>
    <message>
        <source>The built-in model is missing.</source>
        <translation>缺少内置模型。</translation>
    </message>
    <message>
        <source>The card sleeps to save power; its meters are not read, because that would wake it.</source>
        <translation>显卡正在休眠以省电；为免唤醒它，不读取其仪表。</translation>
    </message>
    <message>
        <source>The certificate is trusted.</source>
        <translation>证书受信任。</translation>
    </message>
    <message>
        <source>The certificate is trusted; {issuer} signed it.</source>
        <translation>证书受信任，由 {issuer} 签发。</translation>
    </message>
    <message>
        <source>The certificates in {path} cannot be used.</source>
        <translation>无法使用 {path} 中的证书。</translation>
    </message>
    <message>
        <source>The chat&apos;s settings say where it is wrong. Without a schema, answers are free text.</source>
        <translation>对话设置中会指出错误之处。没有 schema 时，回答为自由文本。</translation>
    </message>
    <message>
        <source>The check was stopped.</source>
        <translation>检查已停止。</translation>
    </message>
    <message>
        <source>The check&apos;s models could not be written.</source>
        <translation>无法写入用于检查的模型。</translation>
    </message>
    <message>
        <source>The computer {name} does not answer.</source>
        <translation>电脑 {name} 没有响应。</translation>
    </message>
    <message>
        <source>The connection ended early.</source>
        <translation>连接提前结束。</translation>
    </message>
    <message>
        <source>The connection to {host} is not trusted.</source>
        <translation>与 {host} 的连接不受信任。</translation>
    </message>
    <message>
        <source>The connection was cut on the way. Some networks and firewalls do this to block an address.</source>
        <translation>连接在途中被切断。一些网络和防火墙用这种方式屏蔽地址。</translation>
    </message>
    <message>
        <source>The connection was lost for {time}. Continued at {size}.</source>
        <translation>连接中断了 {time}。已从 {size} 处继续。</translation>
    </message>
    <message>
        <source>The connection was lost.</source>
        <translation>连接中断。</translation>
    </message>
    <message>
        <source>The connection was renewed.</source>
        <translation>连接已重新建立。</translation>
    </message>
    <message>
        <source>The context is full: the answer was not continued.</source>
        <translation>上下文已满：没有继续此回答。</translation>
    </message>
    <message>
        <source>The context is full: the message was not sent.</source>
        <translation>上下文已满：消息没有发送。</translation>
    </message>
    <message>
        <source>The context is too small for this measurement.</source>
        <translation>上下文太小，无法进行此测量。</translation>
    </message>
    <message>
        <source>The copy is not what it should be.</source>
        <translation>副本与原文件不符。</translation>
    </message>
    <message>
        <source>The damaged file is kept as {name}.</source>
        <translation>损坏的文件保留为 {name}。</translation>
    </message>
    <message>
        <source>The disk cannot hold a file this large.</source>
        <translation>磁盘无法存放这么大的文件。</translation>
    </message>
    <message>
        <source>The disk does not allow direct I/O: the file was read through the page cache.</source>
        <translation>磁盘不支持直接 I/O：已通过页面缓存读取文件。</translation>
    </message>
    <message>
        <source>The disk had an error.</source>
        <translation>磁盘出错。</translation>
    </message>
    <message>
        <source>The disk is full.</source>
        <translation>磁盘已满。</translation>
    </message>
    <message>
        <source>The disk is full: what is new in this chat could not be saved.</source>
        <translation>磁盘已满：无法保存此对话的新内容。</translation>
    </message>
    <message>
        <source>The disk is too full to keep what the engine has read.</source>
        <translation>磁盘空间不足，无法保存引擎已读取的内容。</translation>
    </message>
    <message>
        <source>The disk of {parent} has {free} free.</source>
        <translation>{parent} 所在的磁盘空闲 {free}。</translation>
    </message>
    <message>
        <source>The disk with this download is not there.</source>
        <translation>此下载所在的磁盘不存在。</translation>
    </message>
    <message>
        <source>The download needs {need}; {free} are free on the disk.</source>
        <translation>下载需要 {need}；磁盘剩余 {free}。</translation>
    </message>
    <message>
        <source>The download was interrupted.</source>
        <translation>下载中断了。</translation>
    </message>
    <message>
        <source>The driver does not tell how much memory this card has.</source>
        <translation>驱动程序没有给出此卡的显存大小。</translation>
    </message>
    <message>
        <source>The engine and the launcher do not belong together.</source>
        <translation>引擎与启动器不匹配。</translation>
    </message>
    <message>
        <source>The engine cannot be ended.</source>
        <translation>无法结束引擎。</translation>
    </message>
    <message>
        <source>The engine cannot load {name}.</source>
        <translation>引擎无法加载 {name}。</translation>
    </message>
    <message>
        <source>The engine cannot verify plans here.</source>
        <translation>引擎在此无法验证方案。</translation>
    </message>
    <message>
        <source>The engine could not be started.</source>
        <translation>无法启动引擎。</translation>
    </message>
    <message>
        <source>The engine could not compute the next token.</source>
        <translation>引擎无法计算下一个词元。</translation>
    </message>
    <message>
        <source>The engine could not get memory for {what}.</source>
        <translation>引擎没能为{what}分配到内存。</translation>
    </message>
    <message>
        <source>The engine did not start.</source>
        <translation>引擎没有启动。</translation>
    </message>
    <message>
        <source>The engine dies with this processor&apos;s special weight layouts; loads leave them out now.</source>
        <translation>使用此处理器的专用权重布局时引擎会崩溃；现在加载时不再使用。</translation>
    </message>
    <message>
        <source>The engine does not see {names} any more.</source>
        <translation>引擎已找不到 {names}。</translation>
    </message>
    <message>
        <source>The engine does not speak our language.</source>
        <translation>引擎使用的协议无法识别。</translation>
    </message>
    <message>
        <source>The engine found no room on {device}</source>
        <translation>引擎没能在 {device} 上分配到空间</translation>
    </message>
    <message>
        <source>The engine is not installed.</source>
        <translation>引擎没有安装。</translation>
    </message>
    <message>
        <source>The engine is not running.</source>
        <translation>引擎没有运行。</translation>
    </message>
    <message>
        <source>The engine is not started again by itself.</source>
        <translation>引擎不再自动重新启动。</translation>
    </message>
    <message>
        <source>The engine leaves this integrated GPU out, because there is a better device.</source>
        <translation>有更好的设备，引擎没有使用此集成显卡。</translation>
    </message>
    <message>
        <source>The engine needs more than was computed</source>
        <translation>引擎所需多于计算值</translation>
    </message>
    <message>
        <source>The engine needs {size} more on {name} than is free there.</source>
        <translation>{name} 的空闲空间还差 {size}，不够引擎使用。</translation>
    </message>
    <message>
        <source>The engine process has started but holds no model.</source>
        <translation>引擎进程已启动，但没有加载模型。</translation>
    </message>
    <message>
        <source>The engine ran out of memory.</source>
        <translation>引擎的内存不足。</translation>
    </message>
    <message>
        <source>The engine said: {words}</source>
        <translation>引擎的消息：{words}</translation>
    </message>
    <message>
        <source>The engine sees {part} of this card&apos;s {all}.</source>
        <translation>引擎只看到此卡 {all} 中的 {part}。</translation>
    </message>
    <message>
        <source>The engine speaks version {theirs} of their protocol, the launcher version {ours}.</source>
        <translation>引擎使用协议版本 {theirs}，启动器使用版本 {ours}。</translation>
    </message>
    <message>
        <source>The engine stopped while it checked the plan.</source>
        <translation>引擎在检查方案时停止了。</translation>
    </message>
    <message>
        <source>The engine stopped while it loaded {name}.</source>
        <translation>引擎在加载 {name} 时停止了。</translation>
    </message>
    <message>
        <source>The engine stopped.</source>
        <translation>引擎停止了。</translation>
    </message>
    <message>
        <source>The engine stopped. Your chat is complete up to this point.</source>
        <translation>引擎停止了。到此为止的对话是完整的。</translation>
    </message>
    <message>
        <source>The engine supports at most {n} devices.</source>
        <translation>引擎最多支持 {n} 个设备。</translation>
    </message>
    <message>
        <source>The engine supports at most {n} threads.</source>
        <translation>引擎最多支持 {n} 个线程。</translation>
    </message>
    <message>
        <source>The engine worker has a bug.</source>
        <translation>引擎进程出现程序错误。</translation>
    </message>
    <message>
        <source>The engine&apos;s check took longer than {n} s.</source>
        <translation>引擎的检查超过了 {n} 秒。</translation>
    </message>
    <message>
        <source>The engine&apos;s files are incomplete.</source>
        <translation>引擎的文件不完整。</translation>
    </message>
    <message>
        <source>The engine&apos;s libraries and its Python binding do not belong together.</source>
        <translation>引擎的库与其 Python 绑定不匹配。</translation>
    </message>
    <message>
        <source>The engine&apos;s libraries cannot be loaded.</source>
        <translation>无法加载引擎的库。</translation>
    </message>
    <message>
        <source>The experts of {n} layers, {size}, are read from RAM: {part} per token.</source>
        <translation>{n} 层的专家（{size}）从内存读取：每词元 {part}。</translation>
    </message>
    <message>
        <source>The export was stopped.</source>
        <translation>导出已停止。</translation>
    </message>
    <message>
        <source>The file</source>
        <translation>该文件</translation>
    </message>
    <message>
        <source>The file ({size}) is larger than the RAM that is free ({free}): parts are read from disk again and again.</source>
        <translation>文件（{size}）大于空闲的内存（{free}）：部分内容会反复从磁盘读取。</translation>
    </message>
    <message>
        <source>The file could not be processed.</source>
        <translation>无法处理此文件。</translation>
    </message>
    <message>
        <source>The file has {n} prediction layers; the engine supports only files with one.</source>
        <translation>文件有 {n} 个预测层；引擎只支持有一个预测层的文件。</translation>
    </message>
    <message>
        <source>The file may be damaged or incomplete. The engine said: {words}</source>
        <translation>文件可能已损坏或不完整。引擎的消息：{words}</translation>
    </message>
    <message>
        <source>The file names no working chat template and its family is not known: answers may be odd.</source>
        <translation>文件没有给出可用的对话模板，所属系列也未知：回答可能不正常。</translation>
    </message>
    <message>
        <source>The file system of {folder} allows no file of this size (FAT32 ends at 4.3 GB).</source>
        <translation>{folder} 的文件系统不支持这么大的文件（FAT32 上限为 4.3 GB）。</translation>
    </message>
    <message>
        <source>The file system of {folder} has no sparse files.</source>
        <translation>{folder} 的文件系统不支持稀疏文件。</translation>
    </message>
    <message>
        <source>The file takes too long.</source>
        <translation>处理文件耗时过长。</translation>
    </message>
    <message>
        <source>The file with your chats was damaged.</source>
        <translation>保存对话的文件已损坏。</translation>
    </message>
    <message>
        <source>The file with your own system prompts could not be read.</source>
        <translation>无法读取保存您自己的系统提示词的文件。</translation>
    </message>
    <message>
        <source>The first DeepSeek mixture of experts, 2024.</source>
        <translation>DeepSeek 的首个混合专家模型，2024 年。</translation>
    </message>
    <message>
        <source>The first DeepSeek models, for comparison and old machines.</source>
        <translation>最早的 DeepSeek 模型，用于对比或旧电脑。</translation>
    </message>
    <message>
        <source>The first full R1: thinks before it answers.</source>
        <translation>最初的完整 R1：先思考，再回答。</translation>
    </message>
    <message>
        <source>The first one is {name}.</source>
        <translation>第一个是 {name}。</translation>
    </message>
    <message>
        <source>The first {n} bytes of {name} came from {host}.</source>
        <translation>{name} 的前 {n} 字节来自 {host}。</translation>
    </message>
    <message>
        <source>The folder cannot be used.</source>
        <translation>无法使用此文件夹。</translation>
    </message>
    <message>
        <source>The folder cannot be written.</source>
        <translation>无法写入此文件夹。</translation>
    </message>
    <message>
        <source>The full R1, May 2025: thinks before it answers; top at maths, code and science.</source>
        <translation>完整的 R1，2025 年 5 月：先思考，再回答；数学、编程和科学顶尖。</translation>
    </message>
    <message>
        <source>The full models. They need 160 GB of memory or more.</source>
        <translation>完整模型，需要 160 GB 或更多内存。</translation>
    </message>
    <message>
        <source>The generation of 2024, answers without thinking.</source>
        <translation>2024 年的一代，不思考直接回答。</translation>
    </message>
    <message>
        <source>The grammar cannot be used.</source>
        <translation>无法使用此语法。</translation>
    </message>
    <message>
        <source>The grammar does not let the answer go on.</source>
        <translation>语法不允许回答继续。</translation>
    </message>
    <message>
        <source>The graphics cards of another machine cannot be imitated here.</source>
        <translation>在此无法模拟其他电脑的显卡。</translation>
    </message>
    <message>
        <source>The header could not be kept on the disk.</source>
        <translation>无法将文件头部保存到磁盘。</translation>
    </message>
    <message>
        <source>The header was not read to its end.</source>
        <translation>文件头部没有读完。</translation>
    </message>
    <message>
        <source>The hub</source>
        <translation>hub</translation>
    </message>
    <message>
        <source>The hub asks to wait.</source>
        <translation>hub 要求等待。</translation>
    </message>
    <message>
        <source>The hub has trouble at the moment.</source>
        <translation>hub 目前有故障。</translation>
    </message>
    <message>
        <source>The hub named a file in a way that could leave its folder.</source>
        <translation>hub 给出的文件名可能越出其文件夹。</translation>
    </message>
    <message>
        <source>The hub now names checksum {now}…, at the start it was {before}….</source>
        <translation>hub 现在给出的校验和是 {now}…，开始时是 {before}…。</translation>
    </message>
    <message>
        <source>The hub&apos;s checksum of a file has the wrong shape.</source>
        <translation>hub 给出的某个文件的校验和格式不对。</translation>
    </message>
    <message>
        <source>The largest DeepSeek model, preview.</source>
        <translation>最大的 DeepSeek 模型，预览版。</translation>
    </message>
    <message>
        <source>The largest DeepSeek model; strongest at science, code and agents.</source>
        <translation>最大的 DeepSeek 模型；科学、编程和智能体能力最强。</translation>
    </message>
    <message>
        <source>The last plan needs {size} on {device}, where {free} are free.</source>
        <translation>最后一个方案在 {device} 上需要 {size}，那里空闲 {free}。</translation>
    </message>
    <message>
        <source>The list of downloads was damaged and is kept as {name}. {n} unfinished downloads were found on the disk again.</source>
        <translation>下载列表已损坏，保留为 {name}。在磁盘上重新找到了 {n} 个未完成的下载。</translation>
    </message>
    <message>
        <source>The list of releases from {host} cannot be read.</source>
        <translation>无法读取来自 {host} 的发布列表。</translation>
    </message>
    <message>
        <source>The measurement was stopped.</source>
        <translation>测量已停止。</translation>
    </message>
    <message>
        <source>The memory figures of {engine} in {folder} cannot be read.</source>
        <translation>无法读取 {folder} 中 {engine} 的内存数据。</translation>
    </message>
    <message>
        <source>The memory speed of {name} is not known; {rate} GB/s is assumed, which is slow.</source>
        <translation>{name} 的显存速度未知，按较慢的 {rate} GB/s 估算。</translation>
    </message>
    <message>
        <source>The model cannot be read.</source>
        <translation>无法读取模型。</translation>
    </message>
    <message>
        <source>The model file {name} cannot be read.</source>
        <translation>无法读取模型文件 {name}。</translation>
    </message>
    <message>
        <source>The model folder cannot be written.</source>
        <translation>无法写入模型文件夹。</translation>
    </message>
    <message>
        <source>The model is not complete.</source>
        <translation>模型不完整。</translation>
    </message>
    <message>
        <source>The model is split over too many devices.</source>
        <translation>模型被分配到过多的设备上。</translation>
    </message>
    <message>
        <source>The model needs {n} cards, and none puts all of it on one.</source>
        <translation>模型需要 {n} 张显卡，而 none 会把它全部放在一张上。</translation>
    </message>
    <message>
        <source>The model was made for {n} tokens; beyond that its answers get worse.</source>
        <translation>模型按 {n} 词元训练；超出后回答会变差。</translation>
    </message>
    <message>
        <source>The model was unloaded.</source>
        <translation>模型已卸载。</translation>
    </message>
    <message>
        <source>The model wrote no summary.</source>
        <translation>模型没有写出摘要。</translation>
    </message>
    <message>
        <source>The model&apos;s chat template does not work.</source>
        <translation>模型的对话模板无法使用。</translation>
    </message>
    <message>
        <source>The model&apos;s own prediction layers (MTP) cannot be used.</source>
        <translation>无法使用模型自身的预测层（MTP）。</translation>
    </message>
    <message>
        <source>The network says: {error}</source>
        <translation>网络返回：{error}</translation>
    </message>
    <message>
        <source>The newest that runs here: 284B and 1.6T, of which few billion are active per token.</source>
        <translation>此处能运行的最新一代：284B 和 1.6T，每词元只激活其中一小部分。</translation>
    </message>
    <message>
        <source>The next model up, {name}, needs {need} ({quant}).</source>
        <translation>更大一级的 {name} 需要 {need}（{quant}）。</translation>
    </message>
    <message>
        <source>The oldest messages are too long for a summary.</source>
        <translation>最早的消息太长，无法生成摘要。</translation>
    </message>
    <message>
        <source>The one from {source} holds characters that no token has.</source>
        <translation>来自 {source} 的令牌含有令牌中不会出现的字符。</translation>
    </message>
    <message>
        <source>The one you entered here for {host}.</source>
        <translation>您在此为 {host} 输入的令牌。</translation>
    </message>
    <message>
        <source>The override {pattern} names it; this load uses {names}.</source>
        <translation>覆盖规则 {pattern} 指定了它；此次加载使用 {names}。</translation>
    </message>
    <message>
        <source>The owner asks you to accept terms first.</source>
        <translation>所有者要求您先接受条款。</translation>
    </message>
    <message>
        <source>The owner has not let you in yet.</source>
        <translation>所有者尚未批准您访问。</translation>
    </message>
    <message>
        <source>The package llama_cpp is missing.</source>
        <translation>缺少 llama_cpp 软件包。</translation>
    </message>
    <message>
        <source>The pattern {pattern} cannot be kept: {reason} (in &quot;{place}&quot;).</source>
        <translation>不支持匹配模式 {pattern}：{reason}（位于“{place}”）。</translation>
    </message>
    <message>
        <source>The placement has no room for so many answers at once.</source>
        <translation>此加载配置没有为这么多个同时生成的回答预留空间。</translation>
    </message>
    <message>
        <source>The plan and its graphics cards do not belong together.</source>
        <translation>方案与其显卡不匹配。</translation>
    </message>
    <message>
        <source>The plan&apos;s batch has {n} tokens; {least} are needed.</source>
        <translation>方案的批大小为 {n} 词元；至少需要 {least} 词元。</translation>
    </message>
    <message>
        <source>The port must be a number up to 65535.</source>
        <translation>端口必须是不超过 65535 的数字。</translation>
    </message>
    <message>
        <source>The predicted memory is that of a split by layers; by tensors it differs a little.</source>
        <translation>预测的内存按逐层拆分计算；按张量拆分时略有不同。</translation>
    </message>
    <message>
        <source>The present engine cannot use this GPU: {needs} is needed, it has {offered}.</source>
        <translation>当前引擎无法使用此 GPU：需要 {needs}，而它只有 {offered}。</translation>
    </message>
    <message>
        <source>The present engine cannot use this GPU: {needs} is needed, it runs on the processor only.</source>
        <translation>当前引擎无法使用此 GPU：需要 {needs}，而它只在处理器上运行。</translation>
    </message>
    <message>
        <source>The preview; 0731 replaced it.</source>
        <translation>预览版；已被 0731 取代。</translation>
    </message>
    <message>
        <source>The preview; 0813 replaced it.</source>
        <translation>预览版；已被 0813 取代。</translation>
    </message>
    <message>
        <source>The process for it ended with code {code}; it may have run out of memory.</source>
        <translation>处理它的进程以代码 {code} 结束；可能是内存不足。</translation>
    </message>
    <message>
        <source>The processor does all the work, not {card}: planned were {layers} of {all} layers there and {before} tokens/s; now {now} tokens/s are likely.</source>
        <translation>全部由处理器完成，而不是 {card}：原计划 {all} 层中 {layers} 层在显卡上，{before} 词元/秒；现在预计约 {now} 词元/秒。</translation>
    </message>
    <message>
        <source>The processor does the work and reads {size} from RAM for every token.</source>
        <translation>由处理器完成，每个词元要从内存读取 {size}。</translation>
    </message>
    <message>
        <source>The prompt could not be saved.</source>
        <translation>无法保存提示词。</translation>
    </message>
    <message>
        <source>The prompt has tokens that this model does not know.</source>
        <translation>提示词含有此模型没有的词元。</translation>
    </message>
    <message>
        <source>The prompt was not saved.</source>
        <translation>提示词没有保存。</translation>
    </message>
    <message>
        <source>The proxy</source>
        <translation>代理</translation>
    </message>
    <message>
        <source>The proxy asks for a password.</source>
        <translation>代理要求密码。</translation>
    </message>
    <message>
        <source>The proxy in the settings cannot be used.</source>
        <translation>无法使用设置中的代理。</translation>
    </message>
    <message>
        <source>The proxy in the system&apos;s settings cannot be used.</source>
        <translation>无法使用系统设置中的代理。</translation>
    </message>
    <message>
        <source>The proxy that HTTP_PROXY, HTTPS_PROXY or ALL_PROXY names cannot be used.</source>
        <translation>无法使用 HTTP_PROXY、HTTPS_PROXY 或 ALL_PROXY 指定的代理。</translation>
    </message>
    <message>
        <source>The proxy {address} answers after {time}.</source>
        <translation>代理 {address} 在 {time}后响应。</translation>
    </message>
    <message>
        <source>The proxy {address} asks for a password.</source>
        <translation>代理 {address} 要求密码。</translation>
    </message>
    <message>
        <source>The proxy {address} could not be reached.</source>
        <translation>无法连接代理 {address}。</translation>
    </message>
    <message>
        <source>The connection goes through the proxy {address}.</source>
        <translation>连接经由代理 {address}。</translation>
    </message>
    <message>
        <source>The server changed the file on its way.</source>
        <translation>服务器在传输途中更改了文件。</translation>
    </message>
    <message>
        <source>Unset {name}</source>
        <translation>取消设置 {name}</translation>
    </message>
    <message>
        <source>Use a mirror…</source>
        <translation>使用镜像…</translation>
    </message>
    <message>
        <source>Use another disk…</source>
        <translation>使用其他磁盘…</translation>
    </message>
    <message>
        <source>Use another folder</source>
        <translation>使用其他文件夹</translation>
    </message>
    <message>
        <source>{host} answered {status}, access restricted, for {repo}.</source>
        <translation>{host} 对 {repo} 返回 {status}：访问受限。</translation>
    </message>
    <message>
        <source>The recommended model is also the biggest that runs well here.</source>
        <translation>推荐的模型也是此处能流畅运行的最大模型。</translation>
    </message>
    <message>
        <source>The recommended model is also the fastest that runs well here.</source>
        <translation>推荐的模型也是此处能流畅运行的最快模型。</translation>
    </message>
    <message>
        <source>The recommended model is also the smartest that runs well here.</source>
        <translation>推荐的模型也是此处能流畅运行的最聪明模型。</translation>
    </message>
    <message>
        <source>The repository lists {n} model files, none of that name.</source>
        <translation>仓库列出了 {n} 个模型文件，没有这个名称的。</translation>
    </message>
    <message>
        <source>The repository lists {n} model files.</source>
        <translation>仓库列出了 {n} 个模型文件。</translation>
    </message>
    <message>
        <source>The same work took up to {more} longer from one moment to the next (15 % are allowed), and other programs used {load} of the processor.</source>
        <translation>同样的工作，前后用时最多相差 {more}（允许 15 %），而且其他程序占用了处理器的 {load}。</translation>
    </message>
    <message>
        <source>The server answered {status}.</source>
        <translation>服务器返回了 {status}。</translation>
    </message>
    <message>
        <source>The server continued at the wrong place.</source>
        <translation>服务器续传的位置不对。</translation>
    </message>
    <message>
        <source>The server could not continue.</source>
        <translation>服务器无法续传。</translation>
    </message>
    <message>
        <source>The server named another content for each part of it.</source>
        <translation>服务器对各部分给出的内容标识各不相同。</translation>
    </message>
    <message>
        <source>The server offers {found} bytes, the hub&apos;s listing says {wanted}.</source>
        <translation>服务器提供 {found} 字节，而 hub 的列表是 {wanted} 字节。</translation>
    </message>
    <message>
        <source>The server sends only the whole file.</source>
        <translation>服务器只能发送整个文件。</translation>
    </message>
    <message>
        <source>The setting could not be saved; it holds until the program ends.</source>
        <translation>无法保存此设置；它在程序退出前有效。</translation>
    </message>
    <message>
        <source>The settings file could not be read; the defaults are used.</source>
        <translation>无法读取设置文件，已使用默认值。</translation>
    </message>
    <message>
        <source>The speed of the RAM is not known; {rate} GB/s is assumed, which is slow.</source>
        <translation>内存速度未知，按较慢的 {rate} GB/s 估算。</translation>
    </message>
    <message>
        <source>The storage server answered {status}.</source>
        <translation>存储服务器返回了 {status}。</translation>
    </message>
    <message>
        <source>The system does not tell how fast the RAM is; that has to be measured.</source>
        <translation>系统没有给出内存速度，需要实测。</translation>
    </message>
    <message>
        <source>The system says: {error}. The folder is {parent}.</source>
        <translation>系统返回：{error}。文件夹为 {parent}。</translation>
    </message>
    <message>
        <source>The system says: {text} ({folder}).</source>
        <translation>系统返回：{text}（{folder}）。</translation>
    </message>
    <message>
        <source>The system says: {text} ({folder}). What is here stays.</source>
        <translation>系统返回：{text}（{folder}）。已有的部分会保留。</translation>
    </message>
    <message>
        <source>The system&apos;s certificates and those in {paths}.</source>
        <translation>系统的证书和 {paths} 中的证书。</translation>
    </message>
    <message>
        <source>The system&apos;s certificates.</source>
        <translation>系统的证书。</translation>
    </message>
    <message>
        <source>The system&apos;s network settings name it.</source>
        <translation>由系统的网络设置指定。</translation>
    </message>
    <message>
        <source>The tensor “{tensor}” is in another part too.</source>
        <translation>张量“{tensor}”也出现在另一个分片中。</translation>
    </message>
    <message>
        <source>The token comes from {source}.</source>
        <translation>令牌来自 {source}。</translation>
    </message>
    <message>
        <source>The token is the one you entered here.</source>
        <translation>令牌是您在此输入的。</translation>
    </message>
    <message>
        <source>The way there</source>
        <translation>网络路径</translation>
    </message>
    <message>
        <source>The {size} already here stay.</source>
        <translation>已有的 {size} 会保留。</translation>
    </message>
    <message>
        <source>There is no such file.</source>
        <translation>没有这个文件。</translation>
    </message>
    <message>
        <source>It cannot be reached: this computer is not connected to a network.</source>
        <translation>无法到达：这台电脑没有连接网络。</translation>
    </message>
    <message>
        <source>&quot;pattern&quot; and a length together cannot be kept (in &quot;{place}&quot;).</source>
        <translation>不支持“pattern”与长度限制同时使用（位于“{place}”）。</translation>
    </message>
    <message>
        <source>&quot;{keyword}&quot; must be a list that is not empty.</source>
        <translation>“{keyword}”必须是非空列表。</translation>
    </message>
    <message>
        <source>&quot;{keyword}&quot; must be a whole number (in &quot;{place}&quot;).</source>
        <translation>“{keyword}”必须是整数（位于“{place}”）。</translation>
    </message>
    <message>
        <source>&quot;{keyword}&quot; must be a whole number up to {most}.</source>
        <translation>“{keyword}”必须是不超过 {most} 的整数。</translation>
    </message>
    <message>
        <source>&quot;{most}&quot; is less than &quot;{least}&quot; (in &quot;{place}&quot;).</source>
        <translation>“{most}”小于“{least}”（位于“{place}”）。</translation>
    </message>
    <message>
        <source>1 attached file, whose content is not in the export.</source>
        <translation>1 个附件，导出文件中没有其内容。</translation>
    </message>
    <message>
        <source>1 call of a tool and its result.</source>
        <translation>1 次工具调用及其结果。</translation>
    </message>
    <message>
        <source>1 chat</source>
        <translation>1 个对话</translation>
    </message>
    <message>
        <source>1 chat could not be read.</source>
        <translation>无法读取 1 个对话。</translation>
    </message>
    <message>
        <source>1 chat has no messages.</source>
        <translation>1 个对话没有消息。</translation>
    </message>
    <message>
        <source>1 chat was here already.</source>
        <translation>1 个对话此前已存在。</translation>
    </message>
    <message>
        <source>1 chat was written to {path}.</source>
        <translation>已将 1 个对话写入 {path}。</translation>
    </message>
    <message>
        <source>1 entry could not be read.</source>
        <translation>有 1 个条目无法读取。</translation>
    </message>
    <message>
        <source>1 hidden instruction.</source>
        <translation>1 条隐藏的指令。</translation>
    </message>
    <message>
        <source>1 message</source>
        <translation>1 条消息</translation>
    </message>
    <message>
        <source>1 message could not be read.</source>
        <translation>无法读取 1 条消息。</translation>
    </message>
    <message>
        <source>1 message of another branch is not shown here.</source>
        <translation>其他分支的 1 条消息未在此显示。</translation>
    </message>
    <message>
        <source>1 picture or recording: only text is kept here.</source>
        <translation>1 个图片或录音：此处只保留文本。</translation>
    </message>
    <message>
        <source>1 was deleted meanwhile.</source>
        <translation>其间有 1 个已被删除。</translation>
    </message>
    <message>
        <source>A pattern has more than {most} characters (in &quot;{place}&quot;).</source>
        <translation>匹配模式超过 {most} 个字符（位于“{place}”）。</translation>
    </message>
    <message>
        <source>A reference leads back to itself.</source>
        <translation>有一个引用指回了自身。</translation>
    </message>
    <message>
        <source>A schema is an object or true, and &quot;{place}&quot; is {value}.</source>
        <translation>schema 应为对象或 true，而“{place}”是 {value}。</translation>
    </message>
    <message>
        <source>Added from {source}: {chats} with {messages}.</source>
        <translation>已从 {source} 添加：{chats}，共 {messages}。</translation>
    </message>
    <message>
        <source>An answer cannot be held to &quot;{keyword}&quot; (in &quot;{place}&quot;).</source>
        <translation>无法让回答遵循“{keyword}”（位于“{place}”）。</translation>
    </message>
    <message>
        <source>Answers are written without guesses.</source>
        <translation>生成回答时不使用候选词元。</translation>
    </message>
    <message>
        <source>As a grammar: {reason}</source>
        <translation>转换为语法后：{reason}</translation>
    </message>
    <message>
        <source>Change the schema</source>
        <translation>更改 schema</translation>
    </message>
    <message>
        <source>Check the feed&apos;s address</source>
        <translation>检查发布源的地址</translation>
    </message>
    <message>
        <source>Download the new disk image, open it, and drag the app over {path}.</source>
        <translation>下载新的磁盘映像，打开后将应用拖到 {path} 上替换。</translation>
    </message>
    <message>
        <source>Download the new setup program and run it; it installs over this version.</source>
        <translation>下载并运行新的安装程序；它会覆盖安装此版本。</translation>
    </message>
    <message>
        <source>Ended</source>
        <translation>结束原因</translation>
    </message>
    <message>
        <source>Energy</source>
        <translation>能耗</translation>
    </message>
    <message>
        <source>Enter the address of a release feed</source>
        <translation>输入发布源的地址</translation>
    </message>
    <message>
        <source>First token after</source>
        <translation>首个词元用时</translation>
    </message>
    <message>
        <source>For a number that is no integer only &quot;minimum&quot;: 0 can be kept (in &quot;{place}&quot;).</source>
        <translation>对于非整数的数值，只支持 &quot;minimum&quot;: 0（位于“{place}”）。</translation>
    </message>
    <message>
        <source>Guessed</source>
        <translation>候选词元</translation>
    </message>
    <message>
        <source>In the context then</source>
        <translation>当时的上下文</translation>
    </message>
    <message>
        <source>It answered 404: there is no list of releases at that address.</source>
        <translation>它返回 404：该地址没有发布列表。</translation>
    </message>
    <message>
        <source>It answered {status}: it refuses, or was asked too often. Try again later.</source>
        <translation>它返回 {status}：它拒绝了请求，或请求过于频繁。请稍后重试。</translation>
    </message>
    <message>
        <source>It answers without thinking first: its chat template has no place for a thought.</source>
        <translation>它不先思考，直接回答：其对话模板中没有思考的位置。</translation>
    </message>
    <message>
        <source>It closed its connection with the launcher but ran on, so the launcher ended it.</source>
        <translation>它断开了与启动器的连接，却仍在运行，因此启动器结束了它。</translation>
    </message>
    <message>
        <source>It contains a zero byte.</source>
        <translation>其中含有零字节。</translation>
    </message>
    <message>
        <source>It did not get on for {n} s (no step of its work, no processor time, nothing read), so the launcher ended it: a driver or a disk does not answer.</source>
        <translation>它 {n} 秒没有进展（没有执行步骤，没有占用处理器时间，没有读取数据），因此启动器结束了它：驱动程序或磁盘没有响应。</translation>
    </message>
    <message>
        <source>It did not stop within {n} s, so the launcher ended it.</source>
        <translation>它在 {n} 秒内没有停止，因此启动器结束了它。</translation>
    </message>
    <message>
        <source>It gave no sign of life for {n} s, so the launcher ended it: it hung, alone or in a driver.</source>
        <translation>它 {n} 秒没有响应，因此启动器结束了它：它自身卡住，或卡在驱动程序中。</translation>
    </message>
    <message>
        <source>It has no rule called root.</source>
        <translation>其中没有名为 root 的规则。</translation>
    </message>
    <message>
        <source>It has no token embedding.</source>
        <translation>其中没有词元嵌入。</translation>
    </message>
    <message>
        <source>It has {count} characters; {most} are the most.</source>
        <translation>它有 {count} 个字符；最多允许 {most} 个。</translation>
    </message>
    <message>
        <source>It holds no tensors.</source>
        <translation>其中不含张量。</translation>
    </message>
    <message>
        <source>It is JSON, but not a list of releases with tag_name, body and html_url.</source>
        <translation>它是 JSON，但不是含有 tag_name、body 和 html_url 的发布列表。</translation>
    </message>
    <message>
        <source>It is larger than {n} MB.</source>
        <translation>它大于 {n} MB。</translation>
    </message>
    <message>
        <source>It is nested more than {depth} deep.</source>
        <translation>嵌套超过 {depth} 层。</translation>
    </message>
    <message>
        <source>It is not JSON.</source>
        <translation>它不是 JSON。</translation>
    </message>
    <message>
        <source>It is not JSON: line {line}, column {column}: {reason}.</source>
        <translation>它不是 JSON：第 {line} 行第 {column} 列：{reason}。</translation>
    </message>
    <message>
        <source>It is not JSON: {reason}.</source>
        <translation>它不是 JSON：{reason}。</translation>
    </message>
    <message>
        <source>It is smaller than the plan that the engine verified, and was not verified again.</source>
        <translation>此方案小于引擎验证过的方案，未再次验证。</translation>
    </message>
    <message>
        <source>It lists {n} files; 1 to {most} are allowed.</source>
        <translation>它列出了 {n} 个文件；允许 1 至 {most} 个。</translation>
    </message>
    <message>
        <source>It must look like https://server.example/releases.json.</source>
        <translation>它的格式应类似 https://server.example/releases.json。</translation>
    </message>
    <message>
        <source>It needs a name and a text of up to {most} characters.</source>
        <translation>需要一个名称，以及不超过 {most} 个字符的文本。</translation>
    </message>
    <message>
        <source>It needs more than {most} rules.</source>
        <translation>它需要超过 {most} 条规则。</translation>
    </message>
    <message>
        <source>It ran out of video memory ({number}).</source>
        <translation>显存耗尽（{number}）。</translation>
    </message>
    <message>
        <source>It sends on to an address that is not encrypted.</source>
        <translation>它转到了一个未加密的地址。</translation>
    </message>
    <message>
        <source>It sent {n} messages that make no sense, so the launcher ended it: a defect of the engine or of its libraries.</source>
        <translation>它发送了 {n} 条无法理解的消息，因此启动器结束了它：引擎或其库有缺陷。</translation>
    </message>
    <message>
        <source>Its cache cannot drop the guesses that did not come true.</source>
        <translation>它的缓存无法丢弃未命中的候选词元。</translation>
    </message>
    <message>
        <source>Its worker speaks another version of the protocol.</source>
        <translation>其引擎进程使用另一版本的协议。</translation>
    </message>
    <message>
        <source>No smaller plan fits.</source>
        <translation>没有放得下的更小方案。</translation>
    </message>
    <message>
        <source>Tensors cannot be put on a card alone.</source>
        <translation>不能只把张量放到显卡上。</translation>
    </message>
    <message>
        <source>Tensors of the attention lie apart from its cache: the engine does without flash attention, in all layers.</source>
        <translation>注意力的张量和它的缓存不在一起：引擎在所有层都不使用 Flash Attention。</translation>
    </message>
    <message>
        <source>The built-in model answers {question} with “{here}”, not with {right}.</source>
        <translation>内置模型对 {question} 回答“{here}”，而不是 {right}。</translation>
    </message>
    <message>
        <source>The engine could not make a context for the file&apos;s prediction layers.</source>
        <translation>引擎无法为文件中的预测层创建上下文。</translation>
    </message>
    <message>
        <source>The file does not hold the prediction layer that its header names.</source>
        <translation>文件头声明了预测层，但文件中没有。</translation>
    </message>
    <message>
        <source>The file has the layout of before April 2025, for which the engine has no such graph.</source>
        <translation>文件是 2025 年 4 月以前的格式，引擎没有与之对应的计算图。</translation>
    </message>
    <message>
        <source>The file has {n} of them; the engine drafts with one.</source>
        <translation>文件里有 {n} 个，引擎只用一个来起草。</translation>
    </message>
    <message>
        <source>The file is of the older layout of this architecture, without split attention.</source>
        <translation>此文件采用该架构的旧布局，没有拆分的注意力张量。</translation>
    </message>
    <message>
        <source>The layers for multi-token prediction are loaded, but the engine does not draft with them.</source>
        <translation>多词元预测的层会加载，但引擎不用它们来起草。</translation>
    </message>
    <message>
        <source>The plan reserves one row of logits only; each guess needs another.</source>
        <translation>方案只预留了一行 logits；每个候选词元还需另外一行。</translation>
    </message>
    <message>
        <source>The sampling setting {name} cannot be {value}.</source>
        <translation>采样设置 {name} 不能为 {value}。</translation>
    </message>
    <message>
        <source>The sampling settings of 1 chat.</source>
        <translation>1 个对话的采样设置。</translation>
    </message>
    <message>
        <source>The sampling settings of {n} chats.</source>
        <translation>{n} 个对话的采样设置。</translation>
    </message>
    <message>
        <source>The summary was cancelled.</source>
        <translation>已取消生成摘要。</translation>
    </message>
    <message>
        <source>The system ended it because memory ran out ({number}).</source>
        <translation>内存耗尽，系统结束了它（{number}）。</translation>
    </message>
    <message>
        <source>The system gave it no more ({why}). {free} of RAM are free now.</source>
        <translation>系统没有再分配给它（{why}）。现在有 {free} 内存空闲。</translation>
    </message>
    <message>
        <source>The system holds its process {pid} inside a driver or a disk that does not answer. What it holds of memory may stay taken until the computer is restarted.</source>
        <translation>其进程 {pid} 停在没有响应的驱动程序或磁盘操作中，系统不会放开它。它占用的内存可能要到重启电脑后才会释放。</translation>
    </message>
    <message>
        <source>The system says: {error}.</source>
        <translation>系统返回：{error}。</translation>
    </message>
    <message>
        <source>The tags of 1 chat.</source>
        <translation>1 个对话的标签。</translation>
    </message>
    <message>
        <source>The tags of {n} chats.</source>
        <translation>{n} 个对话的标签。</translation>
    </message>
    <message>
        <source>The text that the answer is to go on from does not follow it.</source>
        <translation>要续写的已有文本不符合该语法。</translation>
    </message>
    <message>
        <source>The variable {name} names it.</source>
        <translation>由环境变量 {name} 指定。</translation>
    </message>
    <message>
        <source>The weights could not be locked in RAM ({mode}).</source>
        <translation>无法将权重锁定在内存中（{mode}）。</translation>
    </message>
    <message>
        <source>The {what} differs: {its} instead of {other}.</source>
        <translation>{what}不同：它的是 {its}，而模型的是 {other}。</translation>
    </message>
    <message>
        <source>The {what} {name} does not exist.</source>
        <translation>{what} {name} 不存在。</translation>
    </message>
    <message>
        <source>There are too many tensor overrides.</source>
        <translation>张量覆盖规则太多。</translation>
    </message>
    <message>
        <source>There is no AMD graphics card here.</source>
        <translation>本机没有 AMD 显卡。</translation>
    </message>
    <message>
        <source>There is no Vulkan loader here.</source>
        <translation>本机没有 Vulkan 加载器。</translation>
    </message>
    <message>
        <source>There is no type {name}.</source>
        <translation>没有名为 {name} 的类型。</translation>
    </message>
    <message>
        <source>There is no working NVIDIA driver here.</source>
        <translation>本机没有可用的 NVIDIA 驱动程序。</translation>
    </message>
    <message>
        <source>There is not enough memory to load {name} {quant}.</source>
        <translation>内存不足，无法加载 {name} {quant}。</translation>
    </message>
    <message>
        <source>There is not enough memory to load {name}.</source>
        <translation>内存不足，无法加载 {name}。</translation>
    </message>
    <message>
        <source>There is nothing to compare with: the processor&apos;s own check failed.</source>
        <translation>没有可供比对的结果：处理器自身的检查失败了。</translation>
    </message>
    <message>
        <source>There is nothing to summarise.</source>
        <translation>没有可生成摘要的内容。</translation>
    </message>
    <message>
        <source>There is room on the disk again; {size} to go.</source>
        <translation>磁盘又有空间了；还剩 {size}。</translation>
    </message>
    <message>
        <source>There is too little disk space to measure this PC.</source>
        <translation>磁盘空间太少，无法测量本机。</translation>
    </message>
    <message>
        <source>There is too little memory to measure this PC.</source>
        <translation>内存太少，无法测量本机。</translation>
    </message>
    <message>
        <source>They are loaded as usual: under pressure the system may move them out, and answers stall.</source>
        <translation>已按通常方式加载：内存紧张时，系统可能会将其换出，使回答停顿。</translation>
    </message>
    <message>
        <source>They have about {tokens} tokens; {room} can be read at once.</source>
        <translation>它们约有 {tokens} 词元；一次可读取 {room}。</translation>
    </message>
    <message>
        <source>They were run with {known} only; this is {name}.</source>
        <translation>它们只和 {known} 一起运行过；这个是 {name}。</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>Thinks at length before it answers; best at contest maths and code for its size.</source>
        <translation>先长时间思考，再回答；同等大小中竞赛数学和编程最强。</translation>
    </message>
    <message>
        <source>Thinks before it answers; general reasoning on small machines.</source>
        <translation>先思考，再回答；适合小型电脑的通用推理。</translation>
    </message>
    <message>
        <source>Thinks before it answers; good at maths for its size.</source>
        <translation>先思考，再回答；在同等大小中擅长数学。</translation>
    </message>
    <message>
        <source>Thinks before it answers; simple maths on almost any machine.</source>
        <translation>先思考，再回答；几乎任何电脑都能做简单数学。</translation>
    </message>
    <message>
        <source>Thinks before it answers; strong at maths, code and reasoning.</source>
        <translation>先思考，再回答；擅长数学、编程和推理。</translation>
    </message>
    <message>
        <source>Thinks before it answers; the broadest of the distils.</source>
        <translation>先思考，再回答；蒸馏模型中能力最全面。</translation>
    </message>
    <message>
        <source>Thinks when asked to; chat, code and tools.</source>
        <translation>可按需思考；擅长对话、编程和工具调用。</translation>
    </message>
    <message>
        <source>Thinks when asked to; strong at code, agents, science and long texts.</source>
        <translation>可按需思考；擅长编程、智能体、科学和长文本。</translation>
    </message>
    <message>
        <source>Thinks when asked to; strong at code, science and long texts.</source>
        <translation>可按需思考；擅长编程、科学和长文本。</translation>
    </message>
    <message>
        <source>Thinks when asked to; strong at everything, cheap long contexts.</source>
        <translation>可按需思考；各方面都强，长上下文开销小。</translation>
    </message>
    <message>
        <source>This GPU needs the driver {wanted}; it has none.</source>
        <translation>此 GPU 需要驱动程序 {wanted}，目前没有驱动程序。</translation>
    </message>
    <message>
        <source>This GPU needs the driver {wanted}; it uses {driver}.</source>
        <translation>此 GPU 需要驱动程序 {wanted}，目前使用的是 {driver}。</translation>
    </message>
    <message>
        <source>This PC is too busy to be measured.</source>
        <translation>本机太忙，无法测量。</translation>
    </message>
    <message>
        <source>This answer cannot be continued: with its question alone the context is full.</source>
        <translation>无法继续此回答：仅它和对应的问题就占满了上下文。</translation>
    </message>
    <message>
        <source>This card does not answer any more; it may have lost its connection. It is looked for again.</source>
        <translation>此卡不再响应，可能已断开连接。正在重新查找。</translation>
    </message>
    <message>
        <source>This card does not report {what}.</source>
        <translation>此卡不报告{what}。</translation>
    </message>
    <message>
        <source>This card is not on the bus any more.</source>
        <translation>此卡已不在总线上。</translation>
    </message>
    <message>
        <source>This chat is not on the disk any more.</source>
        <translation>此对话已不在磁盘上。</translation>
    </message>
    <message>
        <source>This container may use {part} of the computer&apos;s {all} of RAM.</source>
        <translation>此容器可使用电脑 {all} 内存中的 {part}。</translation>
    </message>
    <message>
        <source>This conversation is longer than the context.</source>
        <translation>此对话超出了上下文。</translation>
    </message>
    <message>
        <source>This copy is a Python package in {path}. Install the new version with the tool that installed it.</source>
        <translation>此副本是位于 {path} 的 Python 软件包。请用当初安装它的工具安装新版本。</translation>
    </message>
    <message>
        <source>This copy runs from its source in {path}. Get the new source there (git pull), then run make run.</source>
        <translation>此副本从 {path} 中的源代码运行。请在那里获取新的源代码 (git pull)，然后运行 make run。</translation>
    </message>
    <message>
        <source>This copy runs from the folder {path}. Close it, unpack the new archive, and put its folder in place of this one.</source>
        <translation>此副本从文件夹 {path} 运行。请关闭它，解压新的归档文件，并用其中的文件夹替换此文件夹。</translation>
    </message>
    <message>
        <source>This engine cannot load the file.</source>
        <translation>此引擎无法加载该文件。</translation>
    </message>
    <message>
        <source>This engine does not have it yet.</source>
        <translation>此引擎尚不支持。</translation>
    </message>
    <message>
        <source>This engine does not know the architecture {name}.</source>
        <translation>此引擎不支持架构 {name}。</translation>
    </message>
    <message>
        <source>This engine was built without the functions for it.</source>
        <translation>此引擎的构建不含所需的函数。</translation>
    </message>
    <message>
        <source>This entry is there twice.</source>
        <translation>此条目出现了两次。</translation>
    </message>
    <message>
        <source>This file has no layers for multi-token prediction.</source>
        <translation>此文件没有用于多词元预测的层。</translation>
    </message>
    <message>
        <source>This file has the old layout of attention: {old} kB of cache per token instead of {new} kB in newer files.</source>
        <translation>此文件使用旧的注意力布局：每词元缓存 {old} kB，较新的文件只需 {new} kB。</translation>
    </message>
    <message>
        <source>This file is already being fetched.</source>
        <translation>此文件已在下载中。</translation>
    </message>
    <message>
        <source>This file is the base model, not the chat model.</source>
        <translation>此文件是基础模型，不是对话模型。</translation>
    </message>
    <message>
        <source>This file was written by a newer version of the program.</source>
        <translation>此文件由更新版本的程序写入。</translation>
    </message>
    <message>
        <source>This is a file, not a folder.</source>
        <translation>这是文件，不是文件夹。</translation>
    </message>
    <message>
        <source>This is at byte {at}, in {place}.</source>
        <translation>位置：字节 {at}，{place}。</translation>
    </message>
    <message>
        <source>This is at byte {at}.</source>
        <translation>位置：字节 {at}。</translation>
    </message>
    <message>
        <source>This is not an access token.</source>
        <translation>这不是访问令牌。</translation>
    </message>
    <message>
        <source>This is not the address of a download server.</source>
        <translation>这不是下载服务器的地址。</translation>
    </message>
    <message>
        <source>This is not the address of a proxy.</source>
        <translation>这不是代理的地址。</translation>
    </message>
    <message>
        <source>This is not the address of a release feed.</source>
        <translation>这不是发布源的地址。</translation>
    </message>
    <message>
        <source>This is the AppImage {path}. Download the new one, allow it to be executed, and use it instead.</source>
        <translation>这是 AppImage {path}。请下载新的文件，赋予其执行权限，并改用新文件。</translation>
    </message>
    <message>
        <source>This is the processor pretending to be a graphics card; it is slow.</source>
        <translation>这是由处理器模拟的显卡，速度很慢。</translation>
    </message>
    <message>
        <source>This message is too long for the model&apos;s context.</source>
        <translation>此消息超出了模型的上下文。</translation>
    </message>
    <message>
        <source>This model is loaded without room for guesses.</source>
        <translation>此模型加载时没有为候选词元预留空间。</translation>
    </message>
    <message>
        <source>This processor does not know an instruction that the engine uses ({number}).</source>
        <translation>此处理器不支持引擎使用的某条指令（{number}）。</translation>
    </message>
    <message>
        <source>This program may lock {size} (ulimit -l).</source>
        <translation>此程序最多可锁定 {size}（ulimit -l）。</translation>
    </message>
    <message>
        <source>This program may use {n} of the {all} processor threads here.</source>
        <translation>此程序可使用 {all} 个处理器线程中的 {n} 个。</translation>
    </message>
    <message>
        <source>This split mode cannot be planned.</source>
        <translation>无法按此拆分方式规划。</translation>
    </message>
    <message>
        <source>This tensor is there twice.</source>
        <translation>此张量出现了两次。</translation>
    </message>
    <message>
        <source>This thought cannot go on with this model.</source>
        <translation>此模型无法接着这段思考继续。</translation>
    </message>
    <message>
        <source>This user may not read NVIDIA&apos;s driver.</source>
        <translation>当前用户无权读取 NVIDIA 驱动程序。</translation>
    </message>
    <message>
        <source>This user may not read {what}.</source>
        <translation>当前用户无权读取{what}。</translation>
    </message>
    <message>
        <source>This {what} cannot be used.</source>
        <translation>无法使用此 {what}。</translation>
    </message>
    <message>
        <source>Thought</source>
        <translation>已思考</translation>
    </message>
    <message>
        <source>Thought for {time}</source>
        <translation>已思考 {time}</translation>
    </message>
    <message>
        <source>Time in all</source>
        <translation>总用时</translation>
    </message>
    <message>
        <source>Together they have {needed} tokens; {all} are loaded.</source>
        <translation>两者合计 {needed} 词元；加载的上下文为 {all} 词元。</translation>
    </message>
    <message>
        <source>Token {number} is {its} instead of {other}.</source>
        <translation>词元 {number} 是 {its}，而不是 {other}。</translation>
    </message>
    <message>
        <source>Tokens per joule</source>
        <translation>每焦耳词元数</translation>
    </message>
    <message>
        <source>Trained on R1&apos;s answers; not the 671B R1.</source>
        <translation>用 R1 的回答训练而成，并非 671B 的 R1 本身。</translation>
    </message>
    <message>
        <source>Tried {n} times at {host}.</source>
        <translation>已在 {host} 尝试 {n} 次。</translation>
    </message>
    <message>
        <source>Try a smaller file</source>
        <translation>换用更小的文件</translation>
    </message>
    <message>
        <source>Try again</source>
        <translation>重试</translation>
    </message>
    <message>
        <source>Try again later</source>
        <translation>稍后重试</translation>
    </message>
    <message>
        <source>Try again when it has ended</source>
        <translation>结束后重试</translation>
    </message>
    <message>
        <source>Try it now (built in, {size})</source>
        <translation>立即试用（内置，{size}）</translation>
    </message>
    <message>
        <source>Trying again in {time}.</source>
        <translation>将在 {time}后重试。</translation>
    </message>
    <message>
        <source>Two values of &quot;{keyword}&quot; at one place cannot both be kept.</source>
        <translation>不支持“{keyword}”在同一处有两个值。</translation>
    </message>
    <message>
        <source>Unpacked it has more than {most}.</source>
        <translation>解压后超过 {most}。</translation>
    </message>
    <message>
        <source>Update this program</source>
        <translation>更新此程序</translation>
    </message>
    <message>
        <source>Use the predicted figures</source>
        <translation>使用预测值</translation>
    </message>
    <message>
        <source>V cache {now} instead of {before}</source>
        <translation>V 缓存由 {before} 改为 {now}</translation>
    </message>
    <message>
        <source>V2 and Coder-V2</source>
        <translation>V2 和 Coder-V2</translation>
    </message>
    <message>
        <source>V4</source>
        <translation>V4</translation>
    </message>
    <message>
        <source>V4-Flash that also sees images (experiment).</source>
        <translation>还能看图像的 V4-Flash（实验版）。</translation>
    </message>
    <message>
        <source>V4.1, needs a newer engine</source>
        <translation>V4.1，需要更新的引擎</translation>
    </message>
    <message>
        <source>Verified: {name} {engine}, predicted {predicted}</source>
        <translation>已验证：{name} {engine}，预测 {predicted}</translation>
    </message>
    <message>
        <source>Very small code model, 2023.</source>
        <translation>很小的编程模型，2023 年。</translation>
    </message>
    <message>
        <source>Very small: often wrong outside maths. Trained on R1&apos;s answers; not the 671B R1.</source>
        <translation>非常小：数学之外常出错。用 R1 的回答训练而成，并非 671B 的 R1 本身。</translation>
    </message>
    <message>
        <source>Vision and research models; not for chat.</source>
        <translation>视觉和研究用模型，不用于对话。</translation>
    </message>
    <message>
        <source>What it sent is not the beginning of {name}.</source>
        <translation>它发来的不是 {name} 的开头部分。</translation>
    </message>
    <message>
        <source>What the GPU may use is macOS&apos;s usual share of the RAM; the engine&apos;s own figure replaces it.</source>
        <translation>GPU 可用的部分按 macOS 通常的内存份额计算，将由引擎给出的数字替代。</translation>
    </message>
    <message>
        <source>What was measured could not be saved.</source>
        <translation>无法保存测量结果。</translation>
    </message>
    <message>
        <source>Where this file was fetched from is not known.</source>
        <translation>此文件的下载来源未知。</translation>
    </message>
    <message>
        <source>Whoever built it named no list of releases to ask, so it cannot tell whether there is a newer version.</source>
        <translation>构建者没有指定可查询的发布列表，因此无法得知是否有新版本。</translation>
    </message>
    <message>
        <source>With it the chat has {tokens} tokens; {room} of the {all} tokens are for the chat, the rest is kept for the answer. You chose that nothing is left out.</source>
        <translation>加上它，对话共有 {tokens} 词元；{all} 词元中 {room} 供对话使用，其余留给回答。您已选择不略去任何内容。</translation>
    </message>
    <message>
        <source>With load mode {mode} all weights have to fit in memory; only with mmap may some be read from the disk while it answers.</source>
        <translation>加载方式 {mode} 要求全部权重放进内存；只有 mmap 可以在回答时从磁盘读取一部分。</translation>
    </message>
    <message>
        <source>Write one with: launcher hardware --json &gt; machine.json</source>
        <translation>用以下命令生成：launcher hardware --json &gt; machine.json</translation>
    </message>
    <message>
        <source>Writing</source>
        <translation>生成速度</translation>
    </message>
    <message>
        <source>Written</source>
        <translation>已生成</translation>
    </message>
    <message>
        <source>You</source>
        <translation>您</translation>
    </message>
    <message>
        <source>You asked for access; the owner has not answered yet.</source>
        <translation>您已申请访问，所有者尚未答复。</translation>
    </message>
    <message>
        <source>\u is not followed by four digits</source>
        <translation>\u 后面不是四位数字</translation>
    </message>
    <message>
        <source>a backslash is followed by something it cannot stand before</source>
        <translation>反斜杠后面的字符不能转义</translation>
    </message>
    <message>
        <source>a colon is missing</source>
        <translation>缺少冒号</translation>
    </message>
    <message>
        <source>a comma or the end of the object or list is missing</source>
        <translation>缺少逗号，或对象或列表没有结束</translation>
    </message>
    <message>
        <source>a comma stands before the end of a list</source>
        <translation>列表结尾前有多余的逗号</translation>
    </message>
    <message>
        <source>a comma stands before the end of an object</source>
        <translation>对象结尾前有多余的逗号</translation>
    </message>
    <message>
        <source>a context of {n} tokens (KV cache {type})</source>
        <translation>{n} 词元的上下文（KV 缓存 {type}）</translation>
    </message>
    <message>
        <source>a name in double quotes is missing</source>
        <translation>缺少双引号括起的名称</translation>
    </message>
    <message>
        <source>a text holds a line break or another control character</source>
        <translation>文本中含有换行或其他控制字符</translation>
    </message>
    <message>
        <source>a text that begins here has no end</source>
        <translation>从此处开始的文本没有结束</translation>
    </message>
    <message>
        <source>a value is missing</source>
        <translation>缺少值</translation>
    </message>
    <message>
        <source>all {n} layers on {cards}</source>
        <translation>全部 {n} 层在 {cards} 上</translation>
    </message>
    <message>
        <source>another backend</source>
        <translation>其他后端</translation>
    </message>
    <message>
        <source>at depth {n}</source>
        <translation>深度 {n}</translation>
    </message>
    <message>
        <source>at the length limit</source>
        <translation>达到长度上限</translation>
    </message>
    <message>
        <source>attention on {cards}, experts of {n} of {all} layers in RAM</source>
        <translation>注意力在 {cards} 上，{all} 层中 {n} 层的专家在内存</translation>
    </message>
    <message>
        <source>batch</source>
        <translation>批大小</translation>
    </message>
    <message>
        <source>because it was stopped</source>
        <translation>被停止</translation>
    </message>
    <message>
        <source>because the context was full</source>
        <translation>上下文已满</translation>
    </message>
    <message>
        <source>built in, demonstration by this project, not a DeepSeek release</source>
        <translation>内置，由本项目制作的演示模型，并非 DeepSeek 发布</translation>
    </message>
    <message>
        <source>by itself</source>
        <translation>自行结束</translation>
    </message>
    <message>
        <source>change of device</source>
        <translation>设备切换</translation>
    </message>
    <message>
        <source>clear loss</source>
        <translation>明显损失</translation>
    </message>
    <message>
        <source>code {n}</source>
        <translation>代码 {n}</translation>
    </message>
    <message>
        <source>context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>context of expert models</source>
        <translation>混合专家模型的上下文</translation>
    </message>
    <message>
        <source>context {now} instead of {before} tokens</source>
        <translation>上下文由 {before} 减至 {now} 词元</translation>
    </message>
    <message>
        <source>copies from RAM</source>
        <translation>从内存复制</translation>
    </message>
    <message>
        <source>expert layers</source>
        <translation>专家层</translation>
    </message>
    <message>
        <source>expert tensors {parts} of one more layer in RAM</source>
        <translation>再将一层的专家张量 {parts} 放入内存</translation>
    </message>
    <message>
        <source>experts of {now} instead of {before} layers in RAM</source>
        <translation>专家在内存的层由 {before} 层增至 {now} 层</translation>
    </message>
    <message>
        <source>experts of {n} of {all} layers in RAM</source>
        <translation>{all} 层中 {n} 层的专家在内存</translation>
    </message>
    <message>
        <source>experts of {n} of {all} layers in RAM, of the last one only {parts}</source>
        <translation>{all} 层中 {n} 层的专家在内存，其中最后一层仅 {parts}</translation>
    </message>
    <message>
        <source>flash attention setting</source>
        <translation>flash attention 设置</translation>
    </message>
    <message>
        <source>graphics card alone</source>
        <translation>仅显卡</translation>
    </message>
    <message>
        <source>hardly any loss</source>
        <translation>几乎没有损失</translation>
    </message>
    <message>
        <source>incomplete</source>
        <translation>不完整</translation>
    </message>
    <message>
        <source>it runs although the memory is too small</source>
        <translation>内存不够，但仍可运行</translation>
    </message>
    <message>
        <source>its weights</source>
        <translation>模型权重</translation>
    </message>
    <message>
        <source>kind of vocabulary</source>
        <translation>词表类型</translation>
    </message>
    <message>
        <source>layers</source>
        <translation>模型层</translation>
    </message>
    <message>
        <source>llama_decode returned {status}.</source>
        <translation>llama_decode 返回 {status}。</translation>
    </message>
    <message>
        <source>load</source>
        <translation>负载</translation>
    </message>
    <message>
        <source>load mode</source>
        <translation>加载方式</translation>
    </message>
    <message>
        <source>load mode {now} instead of {before}</source>
        <translation>加载方式 {now}，代替 {before}</translation>
    </message>
    <message>
        <source>macOS does not tell how much memory there is.</source>
        <translation>macOS 没有给出内存大小。</translation>
    </message>
    <message>
        <source>macOS reports load, temperature and power to administrators only.</source>
        <translation>macOS 只向管理员报告负载、温度和功耗。</translation>
    </message>
    <message>
        <source>measuring it needs {needed} of free RAM; {free} are free.</source>
        <translation>测量需要 {needed} 空闲内存；现有 {free}。</translation>
    </message>
    <message>
        <source>memory</source>
        <translation>显存</translation>
    </message>
    <message>
        <source>metadata entries</source>
        <translation>元数据条目</translation>
    </message>
    <message>
        <source>metadata entry {index}</source>
        <translation>元数据条目 {index}</translation>
    </message>
    <message>
        <source>needs {size} more memory</source>
        <translation>内存还差 {size}</translation>
    </message>
    <message>
        <source>no hand-overs between cards</source>
        <translation>无需跨卡传递</translation>
    </message>
    <message>
        <source>no loss</source>
        <translation>无损失</translation>
    </message>
    <message>
        <source>not a number</source>
        <translation>非数值（NaN）</translation>
    </message>
    <message>
        <source>not known on this PC</source>
        <translation>在本机上未知</translation>
    </message>
    <message>
        <source>not measured</source>
        <translation>未测量</translation>
    </message>
    <message>
        <source>nothing</source>
        <translation>无</translation>
    </message>
    <message>
        <source>number of outputs</source>
        <translation>输出数</translation>
    </message>
    <message>
        <source>number of parallel answers</source>
        <translation>并行回答数</translation>
    </message>
    <message>
        <source>number of threads</source>
        <translation>线程数</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开启</translation>
    </message>
    <message>
        <source>on the processor</source>
        <translation>在处理器上运行</translation>
    </message>
    <message>
        <source>on the processor alone instead of {n} of {all} layers on the graphics card</source>
        <translation>改为只在处理器上运行（原为 {all} 层中 {n} 层在显卡上）</translation>
    </message>
    <message>
        <source>other shares of the graphics cards</source>
        <translation>显卡间的分配比例改变</translation>
    </message>
    <message>
        <source>parts</source>
        <translation>若干部分</translation>
    </message>
    <message>
        <source>power</source>
        <translation>功耗</translation>
    </message>
    <message>
        <source>power limit</source>
        <translation>功耗上限</translation>
    </message>
    <message>
        <source>processor alone</source>
        <translation>仅处理器</translation>
    </message>
    <message>
        <source>processor {cpu} J, graphics card {gpu} J</source>
        <translation>处理器 {cpu} J，显卡 {gpu} J</translation>
    </message>
    <message>
        <source>prompts are read a little more slowly</source>
        <translation>提示词读取稍慢</translation>
    </message>
    <message>
        <source>prompts at {now} instead of {before} tokens/s</source>
        <translation>提示词读取 {now} 词元/秒，而不是 {before}</translation>
    </message>
    <message>
        <source>prompts in pieces of {now} instead of {before} tokens</source>
        <translation>提示词每批由 {before} 减至 {now} 词元</translation>
    </message>
    <message>
        <source>proposes tokens that the model only checks; how much that helps is measured, not promised</source>
        <translation>提出候选词元，模型只需检查；效果需实测，不作保证</translation>
    </message>
    <message>
        <source>room for {size}, of which one card holds {most}</source>
        <translation>可容纳 {size}，单张显卡最多占 {most}</translation>
    </message>
    <message>
        <source>signal {n}</source>
        <translation>信号 {n}</translation>
    </message>
    <message>
        <source>slight loss</source>
        <translation>轻微损失</translation>
    </message>
    <message>
        <source>some loss in long answers</source>
        <translation>长回答有一定损失</translation>
    </message>
    <message>
        <source>something follows after its end</source>
        <translation>结尾之后还有其他内容</translation>
    </message>
    <message>
        <source>split mode</source>
        <translation>拆分方式</translation>
    </message>
    <message>
        <source>stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>strong loss</source>
        <translation>严重损失</translation>
    </message>
    <message>
        <source>temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>tensor {index}</source>
        <translation>张量 {index}</translation>
    </message>
    <message>
        <source>tensors</source>
        <translation>张量</translation>
    </message>
    <message>
        <source>the computer was too busy to measure it.</source>
        <translation>电脑太忙，无法测量。</translation>
    </message>
    <message>
        <source>the environment</source>
        <translation>环境变量</translation>
    </message>
    <message>
        <source>the listing of {repo}</source>
        <translation>{repo} 的列表</translation>
    </message>
    <message>
        <source>the metadata entry “{key}”</source>
        <translation>元数据条目“{key}”</translation>
    </message>
    <message>
        <source>the model could read {n} tokens</source>
        <translation>模型本可读取 {n} 词元</translation>
    </message>
    <message>
        <source>the model&apos;s own layers propose tokens; how much that helps is measured, not promised</source>
        <translation>由模型自身的层提出候选词元；效果需实测，不作保证</translation>
    </message>
    <message>
        <source>the name that {tool} keeps it under</source>
        <translation>{tool} 保存它所用的名称</translation>
    </message>
    <message>
        <source>the settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>the system</source>
        <translation>系统</translation>
    </message>
    <message>
        <source>the system&apos;s C library lacks what it is measured with.</source>
        <translation>系统的 C 库缺少测量所需的功能。</translation>
    </message>
    <message>
        <source>the system&apos;s keyring did not answer.</source>
        <translation>系统密钥环没有响应。</translation>
    </message>
    <message>
        <source>the system&apos;s keyring refused ({kind}).</source>
        <translation>系统密钥环拒绝了请求（{kind}）。</translation>
    </message>
    <message>
        <source>the tensor “{name}”</source>
        <translation>张量“{name}”</translation>
    </message>
    <message>
        <source>this program may use {n} of one processor, too little to measure it.</source>
        <translation>此程序只能使用 {n} 个处理器，不足以测量。</translation>
    </message>
    <message>
        <source>this system has no keyring.</source>
        <translation>此系统没有密钥环。</translation>
    </message>
    <message>
        <source>this system&apos;s C library is slower than the RAM, so it cannot measure it.</source>
        <translation>系统的 C 库比内存还慢，无法测量。</translation>
    </message>
    <message>
        <source>token that begins a text</source>
        <translation>文本起始词元</translation>
    </message>
    <message>
        <source>token that ends a text</source>
        <translation>文本结束词元</translation>
    </message>
    <message>
        <source>ubatch</source>
        <translation>ubatch 大小</translation>
    </message>
    <message>
        <source>unknown loss</source>
        <translation>损失未知</translation>
    </message>
    <message>
        <source>unknown size</source>
        <translation>大小未知</translation>
    </message>
    <message>
        <source>without a draft model</source>
        <translation>不使用草稿模型</translation>
    </message>
    <message>
        <source>without the file&apos;s own prediction layers (MTP)</source>
        <translation>不使用文件自带的预测层（MTP）</translation>
    </message>
    <message>
        <source>{backend} is the best that works here.</source>
        <translation>{backend} 是本机可用的最佳后端。</translation>
    </message>
    <message>
        <source>{best} processor threads write faster here than {planned}: {now} ms per token instead of {before}. Measured after the load.</source>
        <translation>在本机，{best} 个处理器线程的生成速度快于 {planned} 个：每词元 {now} 毫秒，而不是 {before} 毫秒。加载后实测。</translation>
    </message>
    <message>
        <source>{bits} this model makes clearly more mistakes than the full {name}</source>
        <translation>{bits}此模型出错明显多于完整的 {name}</translation>
    </message>
    <message>
        <source>{bits} this model makes somewhat more mistakes than the full {name}</source>
        <translation>{bits}此模型出错略多于完整的 {name}</translation>
    </message>
    <message>
        <source>{cards} hold {need} of the model, its KV cache and buffers; {free} are free there.</source>
        <translation>{cards} 存放模型、KV 缓存和缓冲区中的 {need}；共空闲 {free}。</translation>
    </message>
    <message>
        <source>{cards} holds {need} of the model, its KV cache and buffers; {free} are free there.</source>
        <translation>{cards} 存放模型、KV 缓存和缓冲区中的 {need}；空闲 {free}。</translation>
    </message>
    <message>
        <source>{cards} holds {need} of the model, its KV cache and buffers; {free} of the shared memory can be used by it.</source>
        <translation>{cards} 存放模型、KV 缓存和缓冲区中的 {need}；它可以使用共享内存中的 {free}。</translation>
    </message>
    <message>
        <source>{cards}: not used</source>
        <translation>{cards}：未使用</translation>
    </message>
    <message>
        <source>{card} alone</source>
        <translation>仅 {card}</translation>
    </message>
    <message>
        <source>{change} % perplexity</source>
        <translation>困惑度 {change} %</translation>
    </message>
    <message>
        <source>{change} %, 9 tests</source>
        <translation>{change} %，9 项测试</translation>
    </message>
    <message>
        <source>{cost}; {cards}: not used</source>
        <translation>{cost}；{cards}：未使用</translation>
    </message>
    <message>
        <source>{count} characters</source>
        <translation>{count} 个字符</translation>
    </message>
    <message>
        <source>{count} characters were left out</source>
        <translation>略去了 {count} 个字符</translation>
    </message>
    <message>
        <source>{count} messages of other branches are not shown here.</source>
        <translation>其他分支的 {count} 条消息未在此显示。</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 词元</translation>
    </message>
    <message>
        <source>{device}: {what}</source>
        <translation>{device}：{what}</translation>
    </message>
    <message>
        <source>{error}. The file is kept as {kept}.</source>
        <translation>{error}。文件保留为 {kept}。</translation>
    </message>
    <message>
        <source>{file} cannot be verified.</source>
        <translation>无法校验 {file}。</translation>
    </message>
    <message>
        <source>{first} {second}</source>
        <translation>{first}{second}</translation>
    </message>
    <message>
        <source>{fit} the other {size} would sit in RAM, which is {n} times slower to read: {times}.</source>
        <translation>{fit}其余 {size} 要放在读取速度慢 {n} 倍的内存里：{times}。</translation>
    </message>
    <message>
        <source>{folder} belongs to one repository of the hub cache.</source>
        <translation>{folder} 属于 hub 缓存中的某个仓库。</translation>
    </message>
    <message>
        <source>{folder} holds no complete model.</source>
        <translation>{folder} 中没有完整的模型。</translation>
    </message>
    <message>
        <source>{folder} does not support links. Models work there; other tools may keep a second copy.</source>
        <translation>{folder} 不支持链接。模型可以在那里使用；其他工具可能会另存一份副本。</translation>
    </message>
    <message>
        <source>{folder}: {text}.</source>
        <translation>{folder}：{text}。</translation>
    </message>
    <message>
        <source>{free} are free in {folder}, but {kept} of that are kept for other downloads.</source>
        <translation>{folder} 空闲 {free}，其中 {kept} 为其他下载预留。</translation>
    </message>
    <message>
        <source>{free} are free in {folder}.</source>
        <translation>{folder} 空闲 {free}。</translation>
    </message>
    <message>
        <source>{gain}, better at contest maths ({own}, not {other}), knows less.</source>
        <translation>{gain}，竞赛数学更好（{own}，对比 {other}），知识较少。</translation>
    </message>
    <message>
        <source>{gain}, but weaker answers (score {own}, not {other} of 100).</source>
        <translation>{gain}，但回答较弱（满分 100，{own} 对比 {other}）。</translation>
    </message>
    <message>
        <source>{gain}, but {n} % slower.</source>
        <translation>{gain}，但慢 {n} %。</translation>
    </message>
    <message>
        <source>{gain}, but {n}× slower.</source>
        <translation>{gain}，但慢 {n} 倍。</translation>
    </message>
    <message>
        <source>{gain}: a smaller file of the same model, {loss}.</source>
        <translation>{gain}：同一模型的较小文件，{loss}。</translation>
    </message>
    <message>
        <source>{here} of {needed} are here.</source>
        <translation>现有 {here} / {needed}。</translation>
    </message>
    <message>
        <source>{host} allows no more requests for {time}.</source>
        <translation>{host} 在 {time}内不再接受请求。</translation>
    </message>
    <message>
        <source>{host} answered 429, too many requests.</source>
        <translation>{host} 返回 429：请求过多。</translation>
    </message>
    <message>
        <source>{host} answered {status}.</source>
        <translation>{host} 返回 {status}。</translation>
    </message>
    <message>
        <source>{host} answered {status}: the token was revoked, has run out, or was not copied whole.</source>
        <translation>{host} 返回 {status}：令牌已被撤销、已过期，或没有复制完整。</translation>
    </message>
    <message>
        <source>{host} answered {status}: the repository does not exist, or it is private and needs an access token.</source>
        <translation>{host} 返回 {status}：仓库不存在，或为私有并需要访问令牌。</translation>
    </message>
    <message>
        <source>{host} answers as a hub does; it lists {n} files of {repo}.</source>
        <translation>{host} 的响应符合 hub；它列出了 {repo} 的 {n} 个文件。</translation>
    </message>
    <message>
        <source>{host} answers, but its files are on that other server.</source>
        <translation>{host} 有响应，但它的文件存放在那里。</translation>
    </message>
    <message>
        <source>{host} asks to wait.</source>
        <translation>{host} 要求等待。</translation>
    </message>
    <message>
        <source>{host} could not be reached.</source>
        <translation>无法连接 {host}。</translation>
    </message>
    <message>
        <source>{host} did not answer as a hub does.</source>
        <translation>{host} 的响应不像 hub。</translation>
    </message>
    <message>
        <source>{host} did not answer.</source>
        <translation>{host} 没有响应。</translation>
    </message>
    <message>
        <source>{host} does not hand out {name}.</source>
        <translation>{host} 拒绝提供 {name}。</translation>
    </message>
    <message>
        <source>{host} does not say how large it is, and a plan needs that.</source>
        <translation>{host} 没有给出其大小，而规划需要知道大小。</translation>
    </message>
    <message>
        <source>{host} does not tell whose token it is (it answered {status}).</source>
        <translation>{host} 没有说明令牌属于谁（返回 {status}）。</translation>
    </message>
    <message>
        <source>{host} ended the connection.</source>
        <translation>{host} 中断了连接。</translation>
    </message>
    <message>
        <source>{host} has trouble at the moment.</source>
        <translation>{host} 目前有故障。</translation>
    </message>
    <message>
        <source>{host} is too slow.</source>
        <translation>{host} 太慢。</translation>
    </message>
    <message>
        <source>{host} is {address} and answers after {time}.</source>
        <translation>{host} 的地址是 {address}，在 {time}后响应。</translation>
    </message>
    <message>
        <source>{host} publishes no sha256 for it, so a damaged file would not be noticed.</source>
        <translation>{host} 没有公布其 sha256，因此无法发现文件损坏。</translation>
    </message>
    <message>
        <source>{name} arrived damaged.</source>
        <translation>{name} 下载后已损坏。</translation>
    </message>
    <message>
        <source>{name} arrived damaged. It is fetched again in pieces and compared: {done} of {size} so far; only what differs is replaced.</source>
        <translation>{name} 下载后已损坏。正在分段重新下载并比对：已完成 {done} / {size}；只替换不同的部分。</translation>
    </message>
    <message>
        <source>{name} at {commit}.</source>
        <translation>{name}，位于 {commit}。</translation>
    </message>
    <message>
        <source>{name} can be split by layers instead.</source>
        <translation>{name} 可以改为逐层拆分。</translation>
    </message>
    <message>
        <source>{name} cannot be deleted now.</source>
        <translation>现在无法删除 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be fetched from {host}.</source>
        <translation>无法从 {host} 下载 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be opened.</source>
        <translation>无法打开 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be planned from afar.</source>
        <translation>无法远程规划 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be planned.</source>
        <translation>无法规划 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be read.</source>
        <translation>无法读取 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be repaired from here.</source>
        <translation>无法在这里修复 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be run.</source>
        <translation>无法运行 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be verified with the engine.</source>
        <translation>无法用引擎验证 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot be written.</source>
        <translation>无法写入 {name}。</translation>
    </message>
    <message>
        <source>{name} cannot draft for this model: their vocabularies differ.</source>
        <translation>{name} 不能用作此模型的草稿模型：两者的词表不同。</translation>
    </message>
    <message>
        <source>{name} cannot draft.</source>
        <translation>{name} 不能用作草稿模型。</translation>
    </message>
    <message>
        <source>{name} does not need to be added to the library.</source>
        <translation>{name} 无需加入模型库。</translation>
    </message>
    <message>
        <source>{name} has version {version}; this program knows versions up to {known}. Nothing was changed in it.</source>
        <translation>{name} 的版本为 {version}；此程序只支持到版本 {known}。没有做任何更改。</translation>
    </message>
    <message>
        <source>{name} holds no chats that can be read.</source>
        <translation>{name} 中没有可读取的对话。</translation>
    </message>
    <message>
        <source>{name} holds no text.</source>
        <translation>{name} 中没有文字。</translation>
    </message>
    <message>
        <source>{name} is damaged or not complete.</source>
        <translation>{name} 已损坏或不完整。</translation>
    </message>
    <message>
        <source>{name} is in the library already.</source>
        <translation>{name} 已在模型库中。</translation>
    </message>
    <message>
        <source>{name} is left alone: {size} of it may be used.</source>
        <translation>未使用 {name}：只允许使用其中 {size}。</translation>
    </message>
    <message>
        <source>{name} is locked with a password.</source>
        <translation>{name} 设有密码。</translation>
    </message>
    <message>
        <source>{name} is missing in {folder}.</source>
        <translation>{folder} 中缺少 {name}。</translation>
    </message>
    <message>
        <source>{name} is missing or has another size.</source>
        <translation>{name} 缺失或大小不同。</translation>
    </message>
    <message>
        <source>{name} is not a DeepSeek model.</source>
        <translation>{name} 不是 DeepSeek 的模型。</translation>
    </message>
    <message>
        <source>{name} is not a model by itself.</source>
        <translation>{name} 本身不是模型。</translation>
    </message>
    <message>
        <source>{name} is not a GGUF model file.</source>
        <translation>{name} 不是 GGUF 模型文件。</translation>
    </message>
    <message>
        <source>they are loaded only: the engine does not draft with them</source>
        <translation>它们只是加载：引擎不用它们来起草</translation>
    </message>
    <message>
        <source>{count} from disk</source>
        <translation>从磁盘恢复 {count}</translation>
    </message>
    <message>
        <source>{count} tokens, all of them read</source>
        <translation>{count} 词元，全部读取</translation>
    </message>
    <message>
        <source>{count} tokens, {right} of them right ({percent} %)</source>
        <translation>{count} 词元，命中 {right}（{percent} %）</translation>
    </message>
    <message>
        <source>{count} tokens: {read} read, {reused} reused</source>
        <translation>{count} 词元：读取 {read}，复用 {reused}</translation>
    </message>
    <message>
        <source>{count} tokens: {thought} thought, {answer} answer</source>
        <translation>{count} 词元：思考 {thought}，回答 {answer}</translation>
    </message>
    <message>
        <source>{free} of RAM are free now that it is gone.</source>
        <translation>结束后有 {free} 内存空闲。</translation>
    </message>
    <message>
        <source>{host} gave no list of releases.</source>
        <translation>{host} 没有提供发布列表。</translation>
    </message>
    <message>
        <source>{joules} J ({parts})</source>
        <translation>{joules} J（{parts}）</translation>
    </message>
    <message>
        <source>{name} cannot be read: {why}.</source>
        <translation>无法读取 {name}：{why}。</translation>
    </message>
    <message>
        <source>{name} comes first.</source>
        <translation>优先使用 {name}。</translation>
    </message>
    <message>
        <source>{name} has {found} bytes instead of {told}.</source>
        <translation>{name} 的大小为 {found} 字节，而不是 {told} 字节。</translation>
    </message>
    <message>
        <source>{name} is damaged: its checksum is not the manifest&apos;s.</source>
        <translation>{name} 已损坏：其校验和与清单中的不符。</translation>
    </message>
    <message>
        <source>{name} is missing.</source>
        <translation>缺少 {name}。</translation>
    </message>
    <message>
        <source>{name} is none of {known}.</source>
        <translation>{name} 不在 {known} 之中。</translation>
    </message>
    <message>
        <source>{name} is not a GGUF model.</source>
        <translation>{name} 不是 GGUF 模型。</translation>
    </message>
    <message>
        <source>{name} is not a known kind of RAM.</source>
        <translation>{name} 不是已知的内存类型。</translation>
    </message>
    <message>
        <source>{name} is not a part of experts.</source>
        <translation>{name} 不是专家的组成部分。</translation>
    </message>
    <message>
        <source>{name} is not a plain file of a sensible size.</source>
        <translation>{name} 不是大小合理的普通文件。</translation>
    </message>
    <message>
        <source>{name} is not a plain file.</source>
        <translation>{name} 不是普通文件。</translation>
    </message>
    <message>
        <source>{name} is not a valid name for a file of a pack.</source>
        <translation>{name} 不能用作引擎包中的文件名。</translation>
    </message>
    <message>
        <source>{name} is not a valid name for a pack.</source>
        <translation>{name} 不能用作引擎包的名称。</translation>
    </message>
    <message>
        <source>{name} is not at {host}.</source>
        <translation>{name} 不在 {host} 上。</translation>
    </message>
    <message>
        <source>{name} is not complete on the hub.</source>
        <translation>{name} 在 hub 上不完整。</translation>
    </message>
    <message>
        <source>{name} is not complete.</source>
        <translation>{name} 不完整。</translation>
    </message>
    <message>
        <source>{name} is not in {repo} any more.</source>
        <translation>{name} 已不在 {repo} 中。</translation>
    </message>
    <message>
        <source>{name} is not in {repo}.</source>
        <translation>{name} 不在 {repo} 中。</translation>
    </message>
    <message>
        <source>{name} is not text.</source>
        <translation>{name} 不是文本。</translation>
    </message>
    <message>
        <source>{name} is not used: its free memory is not known.</source>
        <translation>未使用 {name}：其空闲显存未知。</translation>
    </message>
    <message>
        <source>{name} is not used: less than 1 GiB of it is free.</source>
        <translation>未使用 {name}：空闲显存不足 1 GiB。</translation>
    </message>
    <message>
        <source>{name} is not used: this engine has no backend for it.</source>
        <translation>未使用 {name}：此引擎没有适用的后端。</translation>
    </message>
    <message>
        <source>{name} is not what was expected.</source>
        <translation>{name} 与预期不符。</translation>
    </message>
    <message>
        <source>{name} is set.</source>
        <translation>已设置 {name}。</translation>
    </message>
    <message>
        <source>{name} is too large to be attached.</source>
        <translation>{name} 太大，无法附加。</translation>
    </message>
    <message>
        <source>{name} is too large to be imported.</source>
        <translation>{name} 太大，无法导入。</translation>
    </message>
    <message>
        <source>{name} is {label}; its file is part of the program and only read.</source>
        <translation>{name}：{label}；其文件是程序的一部分，只读。</translation>
    </message>
    <message>
        <source>{name} needs a newer llama.cpp than {engine}.</source>
        <translation>{name} 需要比 {engine} 更新的 llama.cpp。</translation>
    </message>
    <message>
        <source>{name} needs the same type for both halves of its KV cache.</source>
        <translation>{name} 的 KV 缓存的 K 和 V 两部分须使用相同类型。</translation>
    </message>
    <message>
        <source>{name} read back from {folder} has another checksum.</source>
        <translation>从 {folder} 读回的 {name} 校验和不同。</translation>
    </message>
    <message>
        <source>{name} was not fetched by the launcher.</source>
        <translation>{name} 不是由启动器下载的。</translation>
    </message>
    <message>
        <source>{name} was replaced on the hub.</source>
        <translation>{name} 在 hub 上已被替换。</translation>
    </message>
    <message>
        <source>{name} was replaced while it was read.</source>
        <translation>{name} 在读取过程中被替换。</translation>
    </message>
    <message>
        <source>{name} was written by a newer version of the program.</source>
        <translation>{name} 由更新版本的程序写入。</translation>
    </message>
    <message>
        <source>{name} {quant} cannot be planned.</source>
        <translation>无法规划 {name} {quant}。</translation>
    </message>
    <message>
        <source>{name} {quant} does not fit into the memory that is free now.</source>
        <translation>{name} {quant} 放不进当前空闲的内存。</translation>
    </message>
    <message>
        <source>{name} {quant} on {device}</source>
        <translation>{name} {quant} 在 {device} 上</translation>
    </message>
    <message>
        <source>{name}, which was to draft, is not installed.</source>
        <translation>指定的草稿模型 {name} 没有安装。</translation>
    </message>
    <message>
        <source>{name}: at most {size}</source>
        <translation>{name}：最多 {size}</translation>
    </message>
    <message>
        <source>{name}: {text}</source>
        <translation>{name}：{text}</translation>
    </message>
    <message>
        <source>{name}: {words}</source>
        <translation>{name}：{words}</translation>
    </message>
    <message>
        <source>{now} instead of {before} layers on the graphics card</source>
        <translation>显卡上的层由 {before} 层减至 {now} 层</translation>
    </message>
    <message>
        <source>{now} tokens/s; with enough memory {better}</source>
        <translation>{now} 词元/秒；内存足够时为 {better}</translation>
    </message>
    <message>
        <source>{n} % done.</source>
        <translation>已完成 {n} %。</translation>
    </message>
    <message>
        <source>{n} % faster</source>
        <translation>快 {n} %</translation>
    </message>
    <message>
        <source>{n} are given; {most} can be. One pattern may name many tensors: {example}</source>
        <translation>给出了 {n} 条；最多 {most} 条。一个匹配模式可指定多个张量：{example}</translation>
    </message>
    <message>
        <source>{n} attached files, whose content is not in the export.</source>
        <translation>{n} 个附件，导出文件中没有其内容。</translation>
    </message>
    <message>
        <source>{n} bytes of its list of releases came within {time}.</source>
        <translation>{time}内只收到其发布列表的 {n} 字节。</translation>
    </message>
    <message>
        <source>{n} calls of tools and their results.</source>
        <translation>{n} 次工具调用及其结果。</translation>
    </message>
    <message>
        <source>{n} cards are known by name.</source>
        <translation>已知 {n} 种显卡的名称。</translation>
    </message>
    <message>
        <source>{n} cards cannot be planned.</source>
        <translation>无法规划 {n} 张显卡。</translation>
    </message>
    <message>
        <source>{n} chats</source>
        <translation>{n} 个对话</translation>
    </message>
    <message>
        <source>{n} chats could not be read.</source>
        <translation>无法读取 {n} 个对话。</translation>
    </message>
    <message>
        <source>{n} chats have no messages.</source>
        <translation>{n} 个对话没有消息。</translation>
    </message>
    <message>
        <source>{n} chats were here already.</source>
        <translation>{n} 个对话此前已存在。</translation>
    </message>
    <message>
        <source>{n} chats were written to {path}.</source>
        <translation>已将 {n} 个对话写入 {path}。</translation>
    </message>
    <message>
        <source>{n} damaged pieces were fetched again.</source>
        <translation>已重新下载 {n} 个损坏的分段。</translation>
    </message>
    <message>
        <source>{n} days</source>
        <translation>{n} 天</translation>
    </message>
    <message>
        <source>{n} entries could not be read.</source>
        <translation>有 {n} 个条目无法读取。</translation>
    </message>
    <message>
        <source>{n} files match: {names}.</source>
        <translation>有 {n} 个文件匹配：{names}。</translation>
    </message>
    <message>
        <source>{n} h</source>
        <translation>{n} 小时</translation>
    </message>
    <message>
        <source>{n} h {rest} min</source>
        <translation>{n} 小时 {rest} 分</translation>
    </message>
    <message>
        <source>{n} hand-overs per token</source>
        <translation>每词元 {n} 次跨卡传递</translation>
    </message>
    <message>
        <source>{n} hidden instructions.</source>
        <translation>{n} 条隐藏的指令。</translation>
    </message>
    <message>
        <source>{n} kinds are known.</source>
        <translation>已知 {n} 种类型。</translation>
    </message>
    <message>
        <source>{n} loads were tried, each with less than the one before.</source>
        <translation>已尝试加载 {n} 次，每次都比前一次缩减。</translation>
    </message>
    <message>
        <source>{n} messages</source>
        <translation>{n} 条消息</translation>
    </message>
    <message>
        <source>{n} messages could not be read.</source>
        <translation>无法读取 {n} 条消息。</translation>
    </message>
    <message>
        <source>{n} min</source>
        <translation>{n} 分钟</translation>
    </message>
    <message>
        <source>{n} min {rest} s</source>
        <translation>{n} 分 {rest} 秒</translation>
    </message>
    <message>
        <source>{n} models as the processor computes them, within {error} ({case}), {s} s.</source>
        <translation>{n} 个模型的结果与处理器一致，误差不超过 {error}（{case}），用时 {s} 秒。</translation>
    </message>
    <message>
        <source>{n} of the {count} files of this model are missing.</source>
        <translation>此模型的 {count} 个文件缺少 {n} 个。</translation>
    </message>
    <message>
        <source>{n} of {all} layers</source>
        <translation>{all} 层中 {n} 层</translation>
    </message>
    <message>
        <source>{n} of {all} layers on {cards}</source>
        <translation>{all} 层中 {n} 层在 {cards} 上</translation>
    </message>
    <message>
        <source>{n} of {all} layers on {cards}, no experts on it</source>
        <translation>{all} 层中 {n} 层在 {cards} 上，不含专家</translation>
    </message>
    <message>
        <source>{n} of {count} NVIDIA cards do not answer.</source>
        <translation>{count} 张 NVIDIA 显卡中有 {n} 张没有响应。</translation>
    </message>
    <message>
        <source>{n} of {count} parts are missing (number {numbers}); the upload may still be running.</source>
        <translation>{count} 个分片中缺少 {n} 个（编号 {numbers}）；可能仍在上传。</translation>
    </message>
    <message>
        <source>{n} of {needed} bytes are missing.</source>
        <translation>{needed} 字节中缺少 {n} 字节。</translation>
    </message>
    <message>
        <source>{n} parts ({sizes})</source>
        <translation> {n} 个部分（{sizes}）</translation>
    </message>
    <message>
        <source>{n} pictures and recordings: only text is kept here.</source>
        <translation>{n} 个图片和录音：这里只保留文字。</translation>
    </message>
    <message>
        <source>{n} s</source>
        <translation>{n} 秒</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 词元</translation>
    </message>
    <message>
        <source>{n} tokens: a whole book at once.</source>
        <translation>{n} 词元：一次读完一整本书。</translation>
    </message>
    <message>
        <source>{n} tokens: about {pages} pages.</source>
        <translation>{n} 词元：约 {pages} 页。</translation>
    </message>
    <message>
        <source>{n} were asked for; the engine can make {most}.</source>
        <translation>要求 {n} 个；引擎最多可生成 {most} 个。</translation>
    </message>
    <message>
        <source>{n} were deleted meanwhile.</source>
        <translation>其间有 {n} 个已被删除。</translation>
    </message>
    <message>
        <source>{n}-core processor</source>
        <translation>{n} 核处理器</translation>
    </message>
    <message>
        <source>{n}× faster</source>
        <translation>速度为 {n} 倍</translation>
    </message>
    <message>
        <source>{one} and {other} were asked for.</source>
        <translation>要求的是 {one} 和 {other}。</translation>
    </message>
    <message>
        <source>{one} or {other}</source>
        <translation>{one} 或 {other}</translation>
    </message>
    <message>
        <source>{one}, {other}</source>
        <translation>{one}，{other}</translation>
    </message>
    <message>
        <source>{pattern} is not a regular expression for tensor names.</source>
        <translation>{pattern} 不是可用于张量名称的正则表达式。</translation>
    </message>
    <message>
        <source>{problem} This is its header as of {date}.</source>
        <translation>{problem}当前使用的是 {date} 的头部。</translation>
    </message>
    <message>
        <source>{proxy} did not let us through to {host}.</source>
        <translation>{proxy} 没有放行到 {host} 的连接。</translation>
    </message>
    <message>
        <source>{quant} of {repo} cannot be loaded as it is published.</source>
        <translation>{repo} 的 {quant} 无法按发布的形式加载。</translation>
    </message>
    <message>
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>{reference} is not in the schema.</source>
        <translation>schema 中没有 {reference}。</translation>
    </message>
    <message>
        <source>{repo} has no files.</source>
        <translation>{repo} 没有文件。</translation>
    </message>
    <message>
        <source>{repo} has no model files that can be loaded.</source>
        <translation>{repo} 没有可加载的模型文件。</translation>
    </message>
    <message>
        <source>{repo} has no {quant} file.</source>
        <translation>{repo} 没有 {quant} 文件。</translation>
    </message>
    <message>
        <source>{repo} has several models as {quant}.</source>
        <translation>{repo} 有多个 {quant} 模型。</translation>
    </message>
    <message>
        <source>{repo} holds no GGUF model.</source>
        <translation>{repo} 不含 GGUF 模型。</translation>
    </message>
    <message>
        <source>{repo} holds several models.</source>
        <translation>{repo} 含有多个模型。</translation>
    </message>
    <message>
        <source>{repo} is not a repository name.</source>
        <translation>{repo} 不是仓库名称。</translation>
    </message>
    <message>
        <source>{repo} was not found.</source>
        <translation>找不到 {repo}。</translation>
    </message>
    <message>
        <source>{repo}, noted at the download</source>
        <translation>{repo}，下载时的记录</translation>
    </message>
    <message>
        <source>{room} can be used here.</source>
        <translation>此处可用 {room}。</translation>
    </message>
    <message>
        <source>{sha256} is not a sha256.</source>
        <translation>{sha256} 不是 sha256。</translation>
    </message>
    <message>
        <source>{shares} layers on {cards}</source>
        <translation>{shares} 层在 {cards} 上</translation>
    </message>
    <message>
        <source>{size} RAM</source>
        <translation>{size} 内存</translation>
    </message>
    <message>
        <source>{size} are here.</source>
        <translation>现有 {size}。</translation>
    </message>
    <message>
        <source>{size} instead of {full} at 16 bits</source>
        <translation>{size}，而 16 位时为 {full}</translation>
    </message>
    <message>
        <source>{size} instead of {full} of cache</source>
        <translation>缓存 {size}，而不是 {full}</translation>
    </message>
    <message>
        <source>{size} less are free on {device} than when it was planned</source>
        <translation>{device} 的空闲空间比规划时少 {size}</translation>
    </message>
    <message>
        <source>{size} less cache than with {n} tokens</source>
        <translation>缓存比 {n} 词元时少 {size}</translation>
    </message>
    <message>
        <source>{size} less for buffers</source>
        <translation>缓冲区少用 {size}</translation>
    </message>
    <message>
        <source>{size} less on the graphics card</source>
        <translation>显卡上少用 {size}</translation>
    </message>
    <message>
        <source>{size} more for buffers</source>
        <translation>缓冲区多用 {size}</translation>
    </message>
    <message>
        <source>{size} more stay free for other programs</source>
        <translation>为其他程序多留出 {size}</translation>
    </message>
    <message>
        <source>{size} more would have to be free. Your chats are saved and go on as always; only after a change of chat or model a long one is read again before its next answer.</source>
        <translation>还需空出 {size}。您的对话已保存，可照常继续；只是切换对话或模型后，长对话在下次回答前需要重新读取。</translation>
    </message>
    <message>
        <source>{size} of it are in {folder}, which is not there now.</source>
        <translation>其中 {size} 在 {folder}，该文件夹目前不存在。</translation>
    </message>
    <message>
        <source>{size} of it would be read from the disk for every answer: {times}.</source>
        <translation>每次回答都要从磁盘读取其中 {size}：{times}。</translation>
    </message>
    <message>
        <source>{size} of memory</source>
        <translation>占用 {size}</translation>
    </message>
    <message>
        <source>{size} of the layers are in RAM, which is {n} times slower to read.</source>
        <translation>{size} 的层在内存里，读取速度慢 {n} 倍。</translation>
    </message>
    <message>
        <source>{size} of the model are on the graphics card</source>
        <translation>模型的 {size} 在显卡上</translation>
    </message>
    <message>
        <source>{size} of the weights do not fit in RAM and are read from the disk while it answers: slow, and only on a fast SSD.</source>
        <translation>{size} 的权重放不进内存，回答时要从磁盘读取：很慢，且需要高速 SSD。</translation>
    </message>
    <message>
        <source>{size} on the disk were not what had arrived; they are fetched again.</source>
        <translation>磁盘上有 {size} 与收到的内容不符，正在重新下载。</translation>
    </message>
    <message>
        <source>{size} parameters, {active} of them active per token, {loss}.</source>
        <translation>{size} 参数，每词元激活 {active}，{loss}。</translation>
    </message>
    <message>
        <source>{size} parameters, {loss}.</source>
        <translation>{size} 参数，{loss}。</translation>
    </message>
    <message>
        <source>{size} per token are read from RAM, {n} times slower</source>
        <translation>每词元从内存读取 {size}，慢 {n} 倍</translation>
    </message>
    <message>
        <source>{size} squeezed to {bits} bits: clearly more mistakes than the full model.</source>
        <translation>{size} 压缩到 {bits} 位：比完整模型明显更易出错。</translation>
    </message>
    <message>
        <source>{size} squeezed to {bits} bits: somewhat more mistakes than the full model.</source>
        <translation>{size} 压缩到 {bits} 位：比完整模型略易出错。</translation>
    </message>
    <message>
        <source>{size} stay on the disk</source>
        <translation>{size} 留在磁盘上</translation>
    </message>
    <message>
        <source>{size} too little disk space.</source>
        <translation>磁盘空间还差 {size}。</translation>
    </message>
    <message>
        <source>{size} was asked for at once.</source>
        <translation>一次请求锁定 {size}。</translation>
    </message>
    <message>
        <source>{size} were missing</source>
        <translation>还差 {size}</translation>
    </message>
    <message>
        <source>{size} were missing on {device}</source>
        <translation>{device} 还差 {size}</translation>
    </message>
    <message>
        <source>{there} instead of {here} tokens/s</source>
        <translation>{there} 词元/秒，而不是 {here}</translation>
    </message>
    <message>
        <source>{type} stores {block} values at a time; the attention heads of this model have {n}.</source>
        <translation>{type} 以 {block} 个值为一组存储；此模型的注意力头有 {n} 个值。</translation>
    </message>
    <message>
        <source>{type} weights</source>
        <translation>{type} 权重</translation>
    </message>
    <message>
        <source>{values} in {path}.</source>
        <translation>{values}，位于 {path}。</translation>
    </message>
    <message>
        <source>{what} {found} is older than {needed}.</source>
        <translation>{what} {found} 低于所需的 {needed}。</translation>
    </message>
    <message>
        <source>{why} (template: {origin})</source>
        <translation>{why}（模板：{origin}）</translation>
    </message>
    <message>
        <source>{why}: without the draft model {name}.</source>
        <translation>{why}：不再使用草稿模型 {name}。</translation>
    </message>
    <message>
        <source>{why}: {changes}.</source>
        <translation>{why}：{changes}。</translation>
    </message>
    <message>
        <source>{why}: {changes}. What was set by hand had to give way.</source>
        <translation>{why}：{changes}。手动设置的值不得不让步。</translation>
    </message>
    <message>
        <source>{words} (carried over from another model, not measured).</source>
        <translation>{words}（依据其他模型推断，未实测）。</translation>
    </message>
    <message>
        <source>{words} ({figure})</source>
        <translation>{words}（{figure}）</translation>
    </message>
    <message>
        <source>{words}.</source>
        <translation>{words}。</translation>
    </message>
    <message>
        <source>“{text}” does not name a model.</source>
        <translation>“{text}”没有指明模型。</translation>
    </message>
</context>
<context>
    <name>_ChipRow</name>
    <message>
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
</context>
<context>
    <name>_DeviceBar</name>
    <message>
        <source>capacity unknown</source>
        <translation>容量未知</translation>
    </message>
    <message>
        <source>{size} too little</source>
        <translation>还差 {size}</translation>
    </message>
    <message>
        <source>free</source>
        <translation>空闲</translation>
    </message>
</context>
<context>
    <name>_DeviceLine</name>
    <message>
        <source>right, within {error}</source>
        <translation>正确，误差不超过 {error}</translation>
    </message>
    <message>
        <source>wrong by {error}</source>
        <translation>错误，相差 {error}</translation>
    </message>
    <message>
        <source>crashed</source>
        <translation>崩溃</translation>
    </message>
    <message>
        <source>failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>no result in time</source>
        <translation>未及时得出结果</translation>
    </message>
    <message>
        <source>not compared</source>
        <translation>未比对</translation>
    </message>
</context>
<context>
    <name>_Field</name>
    <message>
        <source>Message</source>
        <translation>消息</translation>
    </message>
</context>
<context>
    <name>_FolderLine</name>
    <message>
        <source>Remove</source>
        <translation>移除</translation>
    </message>
    <message>
        <source>Stop searching {folder}</source>
        <translation>不再搜索 {folder}</translation>
    </message>
</context>
<context>
    <name>_Head</name>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Where it runs</source>
        <translation>运行位置</translation>
    </message>
    <message>
        <source>Last used</source>
        <translation>上次使用</translation>
    </message>
</context>
<context>
    <name>_Item</name>
    <message>
        <source>In use</source>
        <translation>使用中</translation>
    </message>
</context>
<context>
    <name>_MemoryCard</name>
    <message>
        <source>in use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>unknown, not measured</source>
        <translation>未知，未测量</translation>
    </message>
    <message>
        <source>{engine} engine · {other} other programs</source>
        <translation>引擎 {engine} · 其他程序 {other}</translation>
    </message>
    <message>
        <source>{size} free</source>
        <translation>{size} 空闲</translation>
    </message>
</context>
<context>
    <name>_Parts</name>
    <message>
        <source>Settings of this chat</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>Close the settings of this chat</source>
        <translation>关闭此对话的设置</translation>
    </message>
    <message>
        <source>Use for new chats</source>
        <translation>用于新对话</translation>
    </message>
    <message>
        <source>All but the model; the system prompt becomes the one of the program&apos;s settings.</source>
        <translation>除模型外的全部设置；系统提示词会成为程序设置中的系统提示词。</translation>
    </message>
</context>
<context>
    <name>_RailButton</name>
    <message>
        <source>{n} running</source>
        <translation>{n} 个进行中</translation>
    </message>
</context>
<context>
    <name>_StepRow</name>
    <message>
        <source>asking…</source>
        <translation>正在查询…</translation>
    </message>
</context>
<context>
    <name>_Table</name>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy statistics</source>
        <translation>复制统计</translation>
    </message>
    <message>
        <source>Statistics</source>
        <translation>统计</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>_Tail</name>
    <message>
        <source>Thinking</source>
        <translation>正在思考</translation>
    </message>
</context>
<context>
    <name>_View</name>
    <message>
        <source>Models on this PC</source>
        <translation>本机上的模型</translation>
    </message>
</context>
</TS>
