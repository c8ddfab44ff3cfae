<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
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
        <source>paused; goes on where it stopped</source>
        <translation>已暂停；可从停下处继续</translation>
    </message>
    <message>
        <source>{time} left</source>
        <translation>剩余 {time}</translation>
    </message>
</context>
<context>
    <name>AddressField</name>
    <message>
        <source>Write it as https://server or https://server/path.</source>
        <translation>请写成 https://server 或 https://server/path 的形式。</translation>
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
        <source>The driver moved {size} of the model to RAM, because another program needs the card.</source>
        <translation>由于其他程序需要显卡，驱动程序把模型的 {size} 移到了内存。</translation>
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
        <source>{rate} tokens/s</source>
        <translation>{rate} 词元/秒</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 词元</translation>
    </message>
    <message>
        <source>first after {seconds} s</source>
        <translation>{seconds} 秒后出首个词元</translation>
    </message>
    <message>
        <source>ended by the length limit</source>
        <translation>达到长度上限而结束</translation>
    </message>
    <message>
        <source>ended because the context is full</source>
        <translation>上下文已满而结束</translation>
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
    <name>ChatHead</name>
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
</context>
<context>
    <name>ChatPresenter</name>
    <message>
        <source>Planning on the memory that is free now…</source>
        <translation>正在按当前空闲的内存规划…</translation>
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
        <source>Loading</source>
        <translation>正在加载</translation>
    </message>
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
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Copy code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Text</source>
        <translation>文本</translation>
    </message>
    <message>
        <source>Code, {language}</source>
        <translation>代码，{language}</translation>
    </message>
    <message>
        <source>Copied</source>
        <translation>已复制</translation>
    </message>
</context>
<context>
    <name>Composer</name>
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
        <source>Nothing cut</source>
        <translation>没有截去内容</translation>
    </message>
    <message>
        <source>{count} oldest messages cut</source>
        <translation>截去了最早的 {count} 条消息</translation>
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
    <name>ConversationModel</name>
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
        <source>New chat</source>
        <translation>新对话</translation>
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
        <source>Instructions</source>
        <translation>指令集</translation>
    </message>
    <message>
        <source>Load</source>
        <translation>负载</translation>
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
        <source>Go on</source>
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
        <source>Older messages are no longer sent: the context is full</source>
        <translation>更早的消息不再发送：上下文已满</translation>
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
        <source>Open folder</source>
        <translation>打开文件夹</translation>
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
        <source>{amount} are here and stay</source>
        <translation>已有 {amount}，会保留</translation>
    </message>
</context>
<context>
    <name>DownloadsPage</name>
    <message>
        <source>Downloads</source>
        <translation>下载</translation>
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
        <source>Nothing is being downloaded. Home shows which model suits this PC.</source>
        <translation>没有正在进行的下载。首页会显示适合本机的模型。</translation>
    </message>
    <message>
        <source>Choose a model</source>
        <translation>选择模型</translation>
    </message>
    <message>
        <source>Finished</source>
        <translation>已完成</translation>
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
    <name>FinishedCard</name>
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
        <source>It stopped.</source>
        <translation>已中断。</translation>
    </message>
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
        <source>Remove {name}</source>
        <translation>移除 {name}</translation>
    </message>
    <message>
        <source>Keep</source>
        <translation>保留</translation>
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
        <source>Removing it deletes the {size} that are already here.</source>
        <translation>移除会删除已有的 {size}。</translation>
    </message>
    <message>
        <source>Delete {size}</source>
        <translation>删除 {size}</translation>
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
</context>
<context>
    <name>Memory</name>
    <message>
        <source>RAM</source>
        <translation>内存</translation>
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
    <name>MessageList</name>
    <message>
        <source>Messages</source>
        <translation>消息</translation>
    </message>
    <message>
        <source>Go to the end</source>
        <translation>转到末尾</translation>
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
        <source>More models…</source>
        <translation>更多模型…</translation>
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
</context>
<context>
    <name>ModelsPage</name>
    <message>
        <source>Installed {n}</source>
        <translation>已安装 {n}</translation>
    </message>
    <message>
        <source>Installed</source>
        <translation>已安装</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Search models</source>
        <translation>搜索模型</translation>
    </message>
    <message>
        <source>Name, family or size</source>
        <translation>名称、系列或大小</translation>
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
        <source>{n} of {m} models</source>
        <translation>{n} / {m} 个模型</translation>
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
    <name>NavRail</name>
    <message>
        <source>Pages</source>
        <translation>页面</translation>
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
        <source>Speeds are estimated from the hardware&apos;s; the range says how far off they may be.</source>
        <translation>速度按硬件规格估算；范围表示可能的误差。</translation>
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
        <source>{n} threads</source>
        <translation>{n} 线程</translation>
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
    <name>PlanPanel</name>
    <message>
        <source>Plan</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>This PC: {name}</source>
        <translation>本机：{name}</translation>
    </message>
    <message>
        <source>This PC: {n} cards, {name} first</source>
        <translation>本机：{n} 张显卡，首张为 {name}</translation>
    </message>
    <message>
        <source>{size} RAM</source>
        <translation>{size} 内存</translation>
    </message>
    <message>
        <source>Back to the list</source>
        <translation>返回列表</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Only download</source>
        <translation>仅下载</translation>
    </message>
    <message>
        <source>No model is chosen</source>
        <translation>未选择模型</translation>
    </message>
    <message>
        <source>{params}. Released {date}. Licence: {licence}.</source>
        <translation>{params}。发布于 {date}。许可证：{licence}。</translation>
    </message>
    <message>
        <source>The shape of this file is not known, so its memory and speed cannot be predicted.</source>
        <translation>此文件的结构未知，因此无法预测内存和速度。</translation>
    </message>
    <message>
        <source>It does not fit this PC: {words}.</source>
        <translation>不适合本机：{words}。</translation>
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
        <source>Load and chat</source>
        <translation>加载并开始对话</translation>
    </message>
    <message>
        <source>Go on and chat · {size} left</source>
        <translation>继续并开始对话 · 剩余 {size}</translation>
    </message>
    <message>
        <source>Download and chat · {size}</source>
        <translation>下载并开始对话 · {size}</translation>
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
    <message>
        <source>{count} tokens</source>
        <translation>{count} 词元</translation>
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
        <source>Empty takes HF_ENDPOINT from the environment: {address}</source>
        <translation>留空则使用环境变量 HF_ENDPOINT：{address}</translation>
    </message>
    <message>
        <source>Empty takes {address}. A mirror speaks the same protocol.</source>
        <translation>留空则使用 {address}。镜像使用相同的协议。</translation>
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
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Folder of the models</source>
        <translation>模型文件夹</translation>
    </message>
    <message>
        <source>The Hugging Face cache, shared with other programs. HF_HOME or HF_HUB_CACHE moves it.</source>
        <translation>Hugging Face 缓存，与其他程序共用。可用 HF_HOME 或 HF_HUB_CACHE 更改位置。</translation>
    </message>
    <message>
        <source>Models and storage</source>
        <translation>模型与存储</translation>
    </message>
    <message>
        <source>Download server</source>
        <translation>下载服务器</translation>
    </message>
    <message>
        <source>Address of a Hugging Face mirror.</source>
        <translation>Hugging Face 镜像的地址。</translation>
    </message>
    <message>
        <source>Network</source>
        <translation>网络</translation>
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
        <source>Chat</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Nothing leaves this PC</source>
        <translation>任何内容都不会离开本机</translation>
    </message>
    <message>
        <source>There is no telemetry. The app goes online only for downloads that you start, to the server set under Network; chats stay in files on this PC.</source>
        <translation>没有遥测。程序只在您启动下载时联网，连接“网络”中设置的服务器；对话保存在本机的文件中。</translation>
    </message>
    <message>
        <source>Privacy</source>
        <translation>隐私</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Engine build</source>
        <translation>引擎版本</translation>
    </message>
    <message>
        <source>Licences</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>About</source>
        <translation>关于</translation>
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
        <source>llama.cpp through llama-cpp-python</source>
        <translation>llama.cpp（通过 llama-cpp-python）</translation>
    </message>
</context>
<context>
    <name>SourceCard</name>
    <message>
        <source>Source</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>{rate} now</source>
        <translation>当前 {rate}</translation>
    </message>
    <message>
        <source>idle</source>
        <translation>空闲</translation>
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
        <source>Answering</source>
        <translation>生成回答</translation>
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
        <source>measured</source>
        <translation>实测</translation>
    </message>
    <message>
        <source>likely {low}–{high}</source>
        <translation>大致 {low}–{high}</translation>
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
        <source>{n} tokens in</source>
        <translation>输入 {n} 词元</translation>
    </message>
    <message>
        <source>s</source>
        <translation>秒</translation>
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
        <source>Predictions use data sheets for what was not measured.</source>
        <translation>未实测的部分按规格值预测。</translation>
    </message>
    <message>
        <source>llama.cpp through llama-cpp-python {v}</source>
        <translation>llama.cpp（通过 llama-cpp-python {v}）</translation>
    </message>
</context>
<context>
    <name>TokenDialog</name>
    <message>
        <source>Access token for {host}</source>
        <translation>{host} 的访问令牌</translation>
    </message>
    <message>
        <source>The owner of this model shares it with signed-in users. The token is kept until the launcher ends; to keep it longer, sign in with the hub&apos;s own tool (hf auth login).</source>
        <translation>该模型的所有者只向已登录的用户提供。令牌保留到启动器退出为止；要长期保留，请用 hub 自带的工具登录（hf auth login）。</translation>
    </message>
    <message>
        <source>Access token</source>
        <translation>访问令牌</translation>
    </message>
    <message>
        <source>Use it and go on</source>
        <translation>使用并继续</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
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
        <source>You</source>
        <translation>您</translation>
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
    <name>_Editor</name>
    <message>
        <source>Edited message</source>
        <translation>编辑后的消息</translation>
    </message>
    <message>
        <source>Send again</source>
        <translation>重新发送</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
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
    <name>_Head</name>
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
    <name>_PlacementRows</name>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>{n} tokens</source>
        <translation>{n} 词元</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>{n} of {m}</source>
        <translation>{n} / {m}</translation>
    </message>
    <message>
        <source>Layers on card</source>
        <translation>显卡上的层</translation>
    </message>
    <message>
        <source>Experts on card</source>
        <translation>显卡上的专家层</translation>
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
    <name>_Tail</name>
    <message>
        <source>Thinking</source>
        <translation>正在思考</translation>
    </message>
</context>
<context>
    <name>_UndoBar</name>
    <message>
        <source>Undo</source>
        <translation>撤销</translation>
    </message>
    <message>
        <source>Deleted “{title}”</source>
        <translation>已删除“{title}”</translation>
    </message>
    <message>
        <source>New chat</source>
        <translation>新对话</translation>
    </message>
</context>
<context>
    <name>_View</name>
    <message>
        <source>Chats</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
</context>
</TS>
