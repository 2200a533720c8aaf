<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="zh_CN" sourcelanguage="en">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About Fin-R1 Desk</source>
        <translation>关于 Fin-R1 Desk</translation>
    </message>
    <message>
        <source>Analyst chat with the Fin-R1 financial reasoning model, on your own computer.</source>
        <translation>在您自己的电脑上，与金融推理模型 Fin-R1 对话分析。</translation>
    </message>
    <message>
        <source>Components and their licences</source>
        <translation>组件及其许可证</translation>
    </message>
    <message>
        <source>Component</source>
        <translation>组件</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Licence</source>
        <translation>许可证</translation>
    </message>
    <message>
        <source>Text of the licence</source>
        <translation>许可证全文</translation>
    </message>
    <message>
        <source>Choose a component to read its licence.</source>
        <translation>选择一个组件以阅读其许可证。</translation>
    </message>
</context>
<context>
    <name>Actions</name>
    <message>
        <source>&amp;File</source>
        <translation>文件(&amp;F)</translation>
    </message>
    <message>
        <source>&amp;Edit</source>
        <translation>编辑(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Conversation</source>
        <translation>对话(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Models</source>
        <translation>模型(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;View</source>
        <translation>视图(&amp;V)</translation>
    </message>
    <message>
        <source>&amp;Help</source>
        <translation>帮助(&amp;H)</translation>
    </message>
    <message>
        <source>&amp;Theme</source>
        <translation>主题(&amp;T)</translation>
    </message>
    <message>
        <source>&amp;New conversation</source>
        <translation>新建对话(&amp;N)</translation>
    </message>
    <message>
        <source>&amp;Import…</source>
        <translation>导入(&amp;I)…</translation>
    </message>
    <message>
        <source>&amp;Export conversation…</source>
        <translation>导出对话(&amp;E)…</translation>
    </message>
    <message>
        <source>Export &amp;all conversations…</source>
        <translation>导出所有对话(&amp;A)…</translation>
    </message>
    <message>
        <source>Choose a &amp;model file…</source>
        <translation>选择模型文件(&amp;M)…</translation>
    </message>
    <message>
        <source>&amp;Settings…</source>
        <translation>设置(&amp;S)…</translation>
    </message>
    <message>
        <source>&amp;Quit</source>
        <translation>退出(&amp;Q)</translation>
    </message>
    <message>
        <source>&amp;Copy</source>
        <translation>复制(&amp;C)</translation>
    </message>
    <message>
        <source>Select &amp;all</source>
        <translation>全选(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Find in this conversation…</source>
        <translation>在此对话中查找(&amp;F)…</translation>
    </message>
    <message>
        <source>Find &amp;next</source>
        <translation>查找下一处(&amp;N)</translation>
    </message>
    <message>
        <source>Find &amp;previous</source>
        <translation>查找上一处(&amp;P)</translation>
    </message>
    <message>
        <source>Fin&amp;d in all conversations</source>
        <translation>在所有对话中查找(&amp;D)</translation>
    </message>
    <message>
        <source>Put &amp;files into the question…</source>
        <translation>将文件放入问题(&amp;F)…</translation>
    </message>
    <message>
        <source>&amp;Stop writing</source>
        <translation>停止生成(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Answer now</source>
        <translation>立即作答(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Rename</source>
        <translation>重命名(&amp;R)</translation>
    </message>
    <message>
        <source>&amp;Delete</source>
        <translation>删除(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Previous conversation</source>
        <translation>上一个对话(&amp;P)</translation>
    </message>
    <message>
        <source>Ne&amp;xt conversation</source>
        <translation>下一个对话(&amp;X)</translation>
    </message>
    <message>
        <source>&amp;Go to the question field</source>
        <translation>转到提问框(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Sidebar</source>
        <translation>侧边栏(&amp;S)</translation>
    </message>
    <message>
        <source>&amp;Larger text</source>
        <translation>放大文字(&amp;L)</translation>
    </message>
    <message>
        <source>S&amp;maller text</source>
        <translation>缩小文字(&amp;M)</translation>
    </message>
    <message>
        <source>&amp;Normal text size</source>
        <translation>默认文字大小(&amp;N)</translation>
    </message>
    <message>
        <source>As the s&amp;ystem</source>
        <translation>跟随系统(&amp;Y)</translation>
    </message>
    <message>
        <source>&amp;Light</source>
        <translation>浅色(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Dark</source>
        <translation>深色(&amp;D)</translation>
    </message>
    <message>
        <source>&amp;Getting started</source>
        <translation>入门(&amp;G)</translation>
    </message>
    <message>
        <source>&amp;Keyboard shortcuts</source>
        <translation>键盘快捷键(&amp;K)</translation>
    </message>
    <message>
        <source>&amp;Copy log</source>
        <translation>复制日志(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;About Fin-R1 Desk</source>
        <translation>关于 Fin-R1 Desk(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Undo</source>
        <translation>撤销(&amp;U)</translation>
    </message>
    <message>
        <source>&amp;Quote in the question</source>
        <translation>引用到问题中(&amp;Q)</translation>
    </message>
    <message>
        <source>Con&amp;versation settings…</source>
        <translation>对话设置(&amp;V)…</translation>
    </message>
    <message>
        <source>Prev&amp;ious version</source>
        <translation>上一个版本(&amp;I)</translation>
    </message>
    <message>
        <source>Next versi&amp;on</source>
        <translation>下一个版本(&amp;O)</translation>
    </message>
    <message>
        <source>&amp;Tasks…</source>
        <translation>任务(&amp;T)…</translation>
    </message>
    <message>
        <source>Models on this &amp;computer, and more…</source>
        <translation>本机模型与获取(&amp;C)…</translation>
    </message>
</context>
<context>
    <name>ApiButton</name>
    <message>
        <source>API · {address}</source>
        <translation>API 服务 · {address}</translation>
    </message>
    <message>
        <source>Programs on this computer can ask the model at {address}</source>
        <translation>本机程序可通过 {address} 调用模型</translation>
    </message>
    <message>
        <source>API · not running</source>
        <translation>API 服务 · 未运行</translation>
    </message>
    <message>
        <source>The local API is not running</source>
        <translation>本地 API 未运行</translation>
    </message>
    <message>
        <source>API · starting…</source>
        <translation>API 服务 · 正在启动…</translation>
    </message>
    <message>
        <source>The local API is starting</source>
        <translation>本地 API 正在启动</translation>
    </message>
    <message>
        <source>Copy the &amp;address</source>
        <translation>复制地址(&amp;A)</translation>
    </message>
    <message>
        <source>Copy the &amp;key</source>
        <translation>复制密钥(&amp;K)</translation>
    </message>
    <message>
        <source>Copy an &amp;example in Python</source>
        <translation>复制 Python 示例(&amp;E)</translation>
    </message>
    <message>
        <source>&amp;Try again</source>
        <translation>重试(&amp;T)</translation>
    </message>
    <message>
        <source>Switch the API &amp;off</source>
        <translation>关闭 API(&amp;O)</translation>
    </message>
</context>
<context>
    <name>Binding</name>
    <message>
        <source>Choose a model…</source>
        <translation>选择模型…</translation>
    </message>
    <message>
        <source>The small built-in demonstration model answers. It shows how the application works; its figures and judgements are not to be relied on. To work with Fin-R1, get it by the menu “Models”.</source>
        <translation>当前由内置的小型演示模型作答。它只用于展示应用的功能，其数字和判断不可依赖。如需使用 Fin-R1，请在“模型”菜单中获取。</translation>
    </message>
</context>
<context>
    <name>BlockDesk</name>
    <message>
        <source>Code (*{suffix})</source>
        <translation>代码 (*{suffix})</translation>
    </message>
    <message>
        <source>Save code</source>
        <translation>保存代码</translation>
    </message>
    <message>
        <source>The code was saved.</source>
        <translation>代码已保存。</translation>
    </message>
    <message>
        <source>CSV file (*.csv)</source>
        <translation>CSV 文件 (*.csv)</translation>
    </message>
    <message>
        <source>Excel workbook (*.xlsx)</source>
        <translation>Excel 工作簿 (*.xlsx)</translation>
    </message>
    <message>
        <source>table</source>
        <comment>the name of a file</comment>
        <translation>表格</translation>
    </message>
    <message>
        <source>Save table</source>
        <translation>保存表格</translation>
    </message>
    <message>
        <source>The table was saved.</source>
        <translation>表格已保存。</translation>
    </message>
    <message>
        <source>No column of this table holds nothing but figures.</source>
        <translation>此表格没有全为数字的列。</translation>
    </message>
</context>
<context>
    <name>BranchBinding</name>
    <message>
        <source>Quote in the question</source>
        <translation>引用到问题中</translation>
    </message>
    <message>
        <source>Edit the question</source>
        <translation>编辑问题</translation>
    </message>
    <message>
        <source>Regenerate with other sampling…</source>
        <translation>用其他采样参数重新生成…</translation>
    </message>
    <message>
        <source>Answer again with other sampling…</source>
        <translation>用其他采样参数再次回答…</translation>
    </message>
    <message>
        <source>Delete this question and what follows</source>
        <translation>删除此问题及其后的内容</translation>
    </message>
    <message>
        <source>Delete this answer and what follows</source>
        <translation>删除此回答及其后的内容</translation>
    </message>
    <message>
        <source>Question deleted</source>
        <translation>已删除问题</translation>
    </message>
    <message>
        <source>Answer deleted</source>
        <translation>已删除回答</translation>
    </message>
</context>
<context>
    <name>ChatPane</name>
    <message>
        <source>{seconds} s</source>
        <translation>{seconds} 秒</translation>
    </message>
    <message>
        <source>{minutes} min {seconds} s</source>
        <translation>{minutes} 分 {seconds} 秒</translation>
    </message>
    <message>
        <source>Thinking… {time}</source>
        <translation>思考中… {time}</translation>
    </message>
    <message>
        <source>Reasoning</source>
        <translation>推理过程</translation>
    </message>
    <message>
        <source>Thought for {time} · {tokens} tokens</source>
        <translation>思考了 {time} · {tokens} 个词元</translation>
    </message>
    <message>
        <source>cut short</source>
        <translation>提前结束</translation>
    </message>
    <message>
        <source>Writing…</source>
        <translation>生成中…</translation>
    </message>
    <message>
        <source>Queued</source>
        <translation>排队中</translation>
    </message>
    <message>
        <source>The server is busy; asking again in {time}…</source>
        <translation>服务器正忙，{time}后重新提问…</translation>
    </message>
    <message>
        <source>Loading the model… {percent} %</source>
        <translation>正在加载模型… {percent}%</translation>
    </message>
    <message>
        <source>Reading the question… {percent} %</source>
        <translation>正在阅读问题… {percent}%</translation>
    </message>
    <message>
        <source>Stopped</source>
        <translation>已停止</translation>
    </message>
    <message>
        <source>Ended at the token limit</source>
        <translation>已达到词元上限而结束</translation>
    </message>
    <message>
        <source>It was repeating itself and was stopped. A higher repetition penalty may help.</source>
        <translation>回答陷入重复，已被停止。提高重复惩罚可能会有帮助。</translation>
    </message>
    <message>
        <source>Interrupted: the text up to here was kept</source>
        <translation>已中断：到此为止的内容已保留</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Failed: {reason}</source>
        <translation>失败：{reason}</translation>
    </message>
    <message>
        <source>The model no longer sees what stands above</source>
        <translation>模型已看不到以上内容</translation>
    </message>
    <message>
        <source>Answer:</source>
        <translation>答案：</translation>
    </message>
    <message>
        <source>{speed} tokens/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>Copy answer</source>
        <translation>复制答案</translation>
    </message>
    <message>
        <source>Copy with reasoning</source>
        <translation>连同推理过程一起复制</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
    <message>
        <source>Regenerate</source>
        <translation>重新生成</translation>
    </message>
    <message>
        <source>Continue</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Answer now</source>
        <translation>立即作答</translation>
    </message>
    <message>
        <source>Take back</source>
        <translation>撤回</translation>
    </message>
    <message>
        <source>Copy link</source>
        <translation>复制链接</translation>
    </message>
    <message>
        <source>Select all</source>
        <translation>全选</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Back to the text</source>
        <translation>回到正文</translation>
    </message>
    <message>
        <source>To the footnote</source>
        <translation>跳到脚注</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>↓ New text</source>
        <translation>↓ 新内容</translation>
    </message>
    <message>
        <source>Copy table</source>
        <translation>复制表格</translation>
    </message>
    <message>
        <source>CSV…</source>
        <translation>存为 CSV…</translation>
    </message>
    <message>
        <source>Excel…</source>
        <translation>存为 Excel…</translation>
    </message>
    <message>
        <source>Plot…</source>
        <translation>绘图…</translation>
    </message>
    <message>
        <source>Sort by “{column}”</source>
        <translation>按“{column}”排序</translation>
    </message>
    <message>
        <source>Edit</source>
        <translation>编辑</translation>
    </message>
    <message>
        <source>More…</source>
        <translation>更多…</translation>
    </message>
    <message>
        <source>{agreeing} of {count} agree</source>
        <translation>{count} 个中有 {agreeing} 个一致</translation>
    </message>
    <message>
        <source>Previous version</source>
        <translation>上一个版本</translation>
    </message>
    <message>
        <source>Next version</source>
        <translation>下一个版本</translation>
    </message>
    <message>
        <source>Version {which}</source>
        <translation>版本 {which}</translation>
    </message>
    <message>
        <source>Copy code</source>
        <translation>复制代码</translation>
    </message>
    <message>
        <source>Save as…</source>
        <translation>另存为…</translation>
    </message>
    <message>
        <source>Details</source>
        <translation>详情</translation>
    </message>
    <message>
        <source>Show prompt</source>
        <translation>显示提示词</translation>
    </message>
    <message>
        <source>Hide prompt</source>
        <translation>隐藏提示词</translation>
    </message>
    <message>
        <source>Open form</source>
        <translation>打开表单</translation>
    </message>
    <message>
        <source>Answer this question</source>
        <translation>回答此问题</translation>
    </message>
</context>
<context>
    <name>ChoicesForm</name>
    <message>
        <source>Preset</source>
        <translation>预设</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Longest answer (tokens)</source>
        <translation>最长回答（词元）</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Longest thinking (tokens)</source>
        <translation>思考的最大长度（词元）</translation>
    </message>
    <message>
        <source>Answers to each question</source>
        <translation>每个问题的回答数</translation>
    </message>
    <message>
        <source>As the settings say</source>
        <translation>按设置</translation>
    </message>
    <message>
        <source>Official</source>
        <translation>官方</translation>
    </message>
    <message>
        <source>Evaluation</source>
        <translation>评测</translation>
    </message>
    <message>
        <source>Deterministic</source>
        <translation>确定性</translation>
    </message>
    <message>
        <source>Own values</source>
        <translation>自定义数值</translation>
    </message>
    <message>
        <source>random</source>
        <translation>随机</translation>
    </message>
</context>
<context>
    <name>ComposerPane</name>
    <message numerus="yes">
        <source>%n question(s) waiting</source>
        <translation>
            <numerusform>%n 个问题在等待</numerusform>
        </translation>
    </message>
    <message>
        <source>Ask about reports, risk, compliance, calculations…</source>
        <translation>可询问财报、风险、合规、计算等问题…</translation>
    </message>
    <message>
        <source>Your question</source>
        <translation>您的问题</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>Stop writing; what has been written stays (Ctrl+.)</source>
        <translation>停止生成；已生成的内容会保留 (Ctrl+.)</translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation>正在停止…</translation>
    </message>
    <message>
        <source>Stop</source>
        <translation>停止</translation>
    </message>
    <message>
        <source>More ways to ask</source>
        <translation>更多提问方式</translation>
    </message>
    <message>
        <source>Ask {count} times and compare</source>
        <translation>提问 {count} 次并比较</translation>
    </message>
    <message>
        <source>Conversation settings…</source>
        <translation>对话设置…</translation>
    </message>
    <message>
        <source>Editing a question. The earlier version stays as a branch.</source>
        <translation>正在编辑问题。原来的版本会保留为一个分支。</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
</context>
<context>
    <name>ContextMeter</name>
    <message>
        <source>Context: {used} of {limit} tokens used</source>
        <translation>上下文：已用 {used} 个词元，共 {limit} 个</translation>
    </message>
    <message>
        <source>Context: {used} tokens used</source>
        <translation>上下文：已用 {used} 个词元</translation>
    </message>
</context>
<context>
    <name>ConversationDelegate</name>
    <message>
        <source>Title of the conversation</source>
        <translation>对话标题</translation>
    </message>
    <message>
        <source>Name of the folder</source>
        <translation>文件夹名称</translation>
    </message>
</context>
<context>
    <name>ConversationList</name>
    <message numerus="yes">
        <source>%n conversation(s)</source>
        <translation>
            <numerusform>%n 个对话</numerusform>
        </translation>
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
        <source>Previous 7 days</source>
        <translation>过去 7 天</translation>
    </message>
    <message>
        <source>{title}, being written</source>
        <translation>{title}，生成中</translation>
    </message>
    <message>
        <source>{title}, unread answer</source>
        <translation>{title}，有未读回答</translation>
    </message>
    <message>
        <source>Untitled conversation</source>
        <translation>无标题对话</translation>
    </message>
    <message>
        <source>Pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>Folders</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Previous 30 days</source>
        <translation>过去 30 天</translation>
    </message>
    <message>
        <source>{month} {year}</source>
        <translation>{year}年{month}</translation>
    </message>
    <message numerus="yes">
        <source>Folder {name}, %n conversation(s), closed</source>
        <translation>
            <numerusform>文件夹“{name}”，%n 个对话，已折叠</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>Folder {name}, %n conversation(s), open</source>
        <translation>
            <numerusform>文件夹“{name}”，%n 个对话，已展开</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>ConversationSettingsDialog</name>
    <message>
        <source>Settings of the next conversation</source>
        <translation>下一个对话的设置</translation>
    </message>
    <message>
        <source>Settings of this conversation</source>
        <translation>此对话的设置</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Text of the system prompt</source>
        <translation>系统提示词的文本</translation>
    </message>
    <message>
        <source>Official</source>
        <translation>官方</translation>
    </message>
    <message>
        <source>None</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Own text</source>
        <translation>自定义文本</translation>
    </message>
    <message>
        <source>Used from the next answer on; answers that are there stay as they are.</source>
        <translation>从下一个回答起生效；已有的回答保持不变。</translation>
    </message>
    <message>
        <source>Use</source>
        <translation>应用</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>DateRangeDialog</name>
    <message>
        <source>Dates</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>From</source>
        <translation>从</translation>
    </message>
    <message>
        <source>Until</source>
        <translation>到</translation>
    </message>
</context>
<context>
    <name>Desk</name>
    <message>
        <source>The log was copied.</source>
        <translation>日志已复制。</translation>
    </message>
    <message>
        <source>Something unexpected happened; the window goes on.</source>
        <translation>发生了意外情况，窗口继续运行。</translation>
    </message>
    <message>
        <source>The report says where in the program, and holds nothing of your conversations.</source>
        <translation>报告只说明问题出在程序的何处，不含您对话的任何内容。</translation>
    </message>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
</context>
<context>
    <name>Dialogs</name>
    <message>
        <source>Choose a model file</source>
        <translation>选择模型文件</translation>
    </message>
    <message>
        <source>GGUF models (*.gguf);;All files (*)</source>
        <translation>GGUF 模型 (*.gguf);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Import conversations</source>
        <translation>导入对话</translation>
    </message>
    <message>
        <source>Export into this folder</source>
        <translation>导出到此文件夹</translation>
    </message>
    <message>
        <source>Choose a data folder</source>
        <translation>选择数据文件夹</translation>
    </message>
    <message>
        <source>Open a link</source>
        <translation>打开链接</translation>
    </message>
    <message>
        <source>Open this address in the browser?</source>
        <translation>要在浏览器中打开此网址吗？</translation>
    </message>
    <message>
        <source>Exported conversations (*.md *.json *.jsonl *.zip *.chat);;All files (*)</source>
        <translation>导出的对话 (*.md *.json *.jsonl *.zip *.chat);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Put files into the question</source>
        <translation>将文件放入问题</translation>
    </message>
    <message>
        <source>Text and tables (*.txt *.md *.csv *.tsv *.xlsx *.json);;All files (*)</source>
        <translation>文本和表格 (*.txt *.md *.csv *.tsv *.xlsx *.json);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Choose a table of inputs</source>
        <translation>选择输入表格</translation>
    </message>
    <message>
        <source>Tables (*.csv *.tsv *.txt *.xlsx);;All files (*)</source>
        <translation>表格 (*.csv *.tsv *.txt *.xlsx);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Write the answers to</source>
        <translation>将答案写入</translation>
    </message>
    <message>
        <source>Tables (*.csv *.xlsx)</source>
        <translation>表格 (*.csv *.xlsx)</translation>
    </message>
    <message>
        <source>Import a task</source>
        <translation>导入任务</translation>
    </message>
    <message>
        <source>Tasks (*.toml);;All files (*)</source>
        <translation>任务 (*.toml);;所有文件 (*)</translation>
    </message>
    <message>
        <source>Export a task</source>
        <translation>导出任务</translation>
    </message>
    <message>
        <source>Tasks (*.toml)</source>
        <translation>任务 (*.toml)</translation>
    </message>
    <message>
        <source>Delete a task</source>
        <translation>删除任务</translation>
    </message>
    <message>
        <source>Delete the task “%1”?</source>
        <translation>删除任务“%1”？</translation>
    </message>
    <message>
        <source>Its file is kept in the folder “removed” beside the others.</source>
        <translation>其文件会保留在同级的“removed”文件夹中。</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Name of the folder:</source>
        <translation>文件夹名称：</translation>
    </message>
    <message>
        <source>Delete for good</source>
        <translation>永久删除</translation>
    </message>
    <message>
        <source>Delete for good?</source>
        <translation>永久删除？</translation>
    </message>
    <message>
        <source>Conversations: {count}. What is deleted for good cannot be brought back.</source>
        <translation>对话数：{count}。永久删除后无法恢复。</translation>
    </message>
    <message>
        <source>Choose a folder with models</source>
        <translation>选择存放模型的文件夹</translation>
    </message>
    <message>
        <source>Choose the folder of a checkpoint (config.json, *.safetensors)</source>
        <translation>选择检查点文件夹（config.json、*.safetensors）</translation>
    </message>
    <message>
        <source>Remove a model</source>
        <translation>删除模型</translation>
    </message>
    <message>
        <source>Delete this file from the disk?</source>
        <translation>要从磁盘上删除此文件吗？</translation>
    </message>
</context>
<context>
    <name>Downloads</name>
    <message>
        <source>%2 has no %1.</source>
        <translation>%2 上没有 %1。</translation>
    </message>
    <message>
        <source>Check the name, or choose another conversion.</source>
        <translation>请检查名称，或选择其他转换版本。</translation>
    </message>
    <message>
        <source>%2 refuses %1 (%3).</source>
        <translation>%2 拒绝提供 %1（%3）。</translation>
    </message>
    <message>
        <source>If the model needs an account there, enter its access key and try again.</source>
        <translation>如果该模型需要账户，请填写访问密钥后重试。</translation>
    </message>
    <message>
        <source>%1 cannot be reached: %2.</source>
        <translation>无法连接 %1：%2。</translation>
    </message>
    <message>
        <source>Check the network or the proxy, or choose the mirror. What has been fetched is kept: go on later.</source>
        <translation>请检查网络或代理，或改用镜像。已下载的部分会保留，稍后可以继续。</translation>
    </message>
    <message>
        <source>The certificate of %1 is not valid: %2.</source>
        <translation>%1 的证书无效：%2。</translation>
    </message>
    <message>
        <source>Nothing was fetched. If your company issues its own certificates, add them to the system&apos;s.</source>
        <translation>没有下载任何内容。如果贵公司自行签发证书，请将其加入系统证书。</translation>
    </message>
    <message>
        <source>%1 has too much to do (%2).</source>
        <translation>%1 目前过于繁忙（%2）。</translation>
    </message>
    <message>
        <source>What has been fetched is kept: go on later, or choose the mirror.</source>
        <translation>已下载的部分会保留：请稍后继续，或改用镜像。</translation>
    </message>
    <message>
        <source>%1 is not what it should be: its hash differs.</source>
        <translation>%1 与记录不符：哈希值不同。</translation>
    </message>
    <message>
        <source>It was thrown away. Try again, or from another place.</source>
        <translation>该文件已丢弃。请重试，或换一个来源。</translation>
    </message>
    <message>
        <source>There is not enough room in %1: %2 are needed, %3 are free.</source>
        <translation>%1 空间不足：需要 %2，可用 %3。</translation>
    </message>
    <message>
        <source>Free some space and go on, or choose a smaller quantisation.</source>
        <translation>请腾出空间后继续，或选择更小的量化版本。</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>无法写入 %1：%2。</translation>
    </message>
    <message>
        <source>Check the permissions of the data folder, or choose another one.</source>
        <translation>请检查数据文件夹的权限，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>%1 is being downloaded already.</source>
        <translation>%1 已在下载中。</translation>
    </message>
    <message>
        <source>Wait for the other window or terminal, or end it there.</source>
        <translation>请等待另一个窗口或终端完成，或在那里结束下载。</translation>
    </message>
    <message>
        <source>The download ended unexpectedly (%1).</source>
        <translation>下载意外中止（%1）。</translation>
    </message>
    <message>
        <source>What has been fetched is kept: go on with it.</source>
        <translation>已下载的部分会保留：请继续下载。</translation>
    </message>
    <message>
        <source>The checkpoint could not be converted: %1.</source>
        <translation>检查点无法转换：%1。</translation>
    </message>
    <message>
        <source>Check that the folder holds a whole Fin-R1 or Qwen2 checkpoint.</source>
        <translation>请确认文件夹中有完整的 Fin-R1 或 Qwen2 检查点。</translation>
    </message>
    <message>
        <source>%1 is not in the application&apos;s own models folder.</source>
        <translation>%1 不在本应用的模型文件夹中。</translation>
    </message>
    <message>
        <source>Only files that were put there are removed. Remove others where they belong.</source>
        <translation>只会删除放在该文件夹中的文件。其他文件请在其所属的应用中删除。</translation>
    </message>
    <message>
        <source>%1 is not what it was when it came: its hash differs.</source>
        <translation>%1 与获取时不一致：哈希值不同。</translation>
    </message>
    <message>
        <source>Remove it and get it again.</source>
        <translation>请删除后重新获取。</translation>
    </message>
</context>
<context>
    <name>DropHint</name>
    <message>
        <source>Drop files here</source>
        <translation>将文件拖放到此处</translation>
    </message>
    <message>
        <source>Text and tables go into the question, exported conversations are imported, a GGUF file becomes the model in use. Nothing is sent yet.</source>
        <translation>文本和表格会放入问题，导出的对话会被导入，GGUF 文件会成为使用中的模型。此时不会发送任何内容。</translation>
    </message>
</context>
<context>
    <name>EmptyPane</name>
    <message>
        <source>What would you like to analyse?</source>
        <translation>您想分析什么？</translation>
    </message>
    <message>
        <source>Everything is worked out on this computer; nothing leaves it.</source>
        <translation>一切都在本机计算，数据不会离开这台电脑。</translation>
    </message>
    <message>
        <source>Your questions are sent to {host}.</source>
        <translation>您的问题会发送到 {host}。</translation>
    </message>
    <message>
        <source>New here? See how it works</source>
        <translation>初次使用？看看怎么用</translation>
    </message>
    <message>
        <source>All tasks, as forms to fill in (Ctrl+T)</source>
        <translation>全部任务，填写表单即可 (Ctrl+T)</translation>
    </message>
    <message>
        <source>Get Fin-R1…</source>
        <translation>获取 Fin-R1…</translation>
    </message>
</context>
<context>
    <name>EngineNotices</name>
    <message>
        <source>Copy report</source>
        <translation>复制报告</translation>
    </message>
</context>
<context>
    <name>Examples</name>
    <message>
        <source>Financial reasoning</source>
        <translation>金融推理</translation>
    </message>
    <message>
        <source>Revenue rose from 950 million to 1,102 million yuan while net profit fell from 114 million to 99 million. How did the net margin change, and what may explain it?</source>
        <translation>营业收入由9.50亿元增至11.02亿元，净利润却由1.14亿元降至0.99亿元。净利率如何变化？可能的原因有哪些？</translation>
    </message>
    <message>
        <source>Financial calculation</source>
        <translation>金融计算</translation>
    </message>
    <message>
        <source>A loan of 100,000 yuan runs for 5 years at an annual rate of 6%, repaid in equal monthly instalments. What is the monthly instalment?</source>
        <translation>一笔10万元的贷款，期限5年，年利率6%，按月等额本息还款。每月还款额是多少？</translation>
    </message>
    <message>
        <source>Calculation in English</source>
        <translation>英文金融计算</translation>
    </message>
    <message>
        <source>Financial code</source>
        <translation>金融代码</translation>
    </message>
    <message>
        <source>Write Python that draws the efficient frontier of two assets: A with 12% return and 20% volatility, B with 8% and 15%, correlation 0.3, risk-free rate 2%.</source>
        <translation>用Python绘制两种资产的有效前沿：A的收益率为12%、波动率为20%，B的收益率为8%、波动率为15%，相关系数0.3，无风险利率2%。</translation>
    </message>
    <message>
        <source>Security and compliance</source>
        <translation>安全合规</translation>
    </message>
    <message>
        <source>Risk control</source>
        <translation>智能风控</translation>
    </message>
    <message>
        <source>A borrower&apos;s debt-to-income ratio is 62%, with two late payments in the past year and stable employment for six years. Assess the credit risk and say what else you would check.</source>
        <translation>某借款人的债务收入比为62%，过去一年有两次逾期，连续稳定就业六年。请评估其信用风险，并说明还应核查哪些信息。</translation>
    </message>
    <message>
        <source>ESG analysis</source>
        <translation>ESG分析</translation>
    </message>
    <message>
        <source>A steel maker cut its emissions per tonne by 8% but produced 15% more. What does this mean for its environmental score, and which figures are missing?</source>
        <translation>某钢铁企业的吨钢排放下降8%，产量却增长15%。这对其环境评分意味着什么？还缺少哪些数据？</translation>
    </message>
    <message>
        <source>Growth rate</source>
        <translation>增长率</translation>
    </message>
    <message>
        <source>Revenue rose from 320 million to 400 million. What is the revenue growth rate?</source>
        <translation>营业收入从320万元增长到400万元，增长率是多少？</translation>
    </message>
    <message>
        <source>Net margin</source>
        <translation>净利率</translation>
    </message>
    <message>
        <source>Revenue is 640 million and net profit is 96 million. What is the net margin?</source>
        <translation>营业收入640万元，净利润96万元，净利率是多少？</translation>
    </message>
    <message>
        <source>Current ratio</source>
        <translation>流动比率</translation>
    </message>
    <message>
        <source>Current assets are 450 million and current liabilities are 300 million. What is the current ratio?</source>
        <translation>流动资产450万元，流动负债300万元，流动比率是多少？</translation>
    </message>
    <message>
        <source>Simple interest</source>
        <translation>单利</translation>
    </message>
    <message>
        <source>What is the simple interest on 5000 at 4% a year for 3 years?</source>
        <translation>本金5000元，年利率4%，按单利计算，3年的利息是多少？</translation>
    </message>
    <message>
        <source>Compound interest</source>
        <translation>复利</translation>
    </message>
    <message>
        <source>8000 is invested at 5% a year, compounded yearly, for 2 years. What is the amount?</source>
        <translation>本金8000元，年利率5%，按复利计算，2年后的本利和是多少？</translation>
    </message>
    <message>
        <source>News sentiment</source>
        <translation>新闻情绪</translation>
    </message>
    <message>
        <source>Northwind profit falls 12% on weak demand. Is the sentiment positive, negative or neutral?</source>
        <translation>这条新闻是利好、利空还是中性？某银行净利润同比下降12%</translation>
    </message>
</context>
<context>
    <name>Export</name>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Reasoning</source>
        <translation>推理过程</translation>
    </message>
    <message>
        <source>Thought for {seconds} s · {tokens} tokens</source>
        <translation>思考 {seconds} 秒 · {tokens} 个词元</translation>
    </message>
    <message>
        <source>cut short</source>
        <translation>提前结束</translation>
    </message>
    <message>
        <source>Other branches</source>
        <translation>其他分支</translation>
    </message>
    <message>
        <source>follows {number}</source>
        <translation>接第 {number} 条</translation>
    </message>
    <message>
        <source>another beginning</source>
        <translation>另一个开头</translation>
    </message>
    <message>
        <source>Stopped by the user</source>
        <translation>已由用户停止</translation>
    </message>
    <message>
        <source>Ended at the token limit</source>
        <translation>已达到词元上限而结束</translation>
    </message>
    <message>
        <source>Was repeating itself and was stopped</source>
        <translation>因内容重复而停止</translation>
    </message>
    <message>
        <source>Interrupted</source>
        <translation>已中断</translation>
    </message>
    <message>
        <source>Failed</source>
        <translation>失败</translation>
    </message>
    <message>
        <source>Conversation</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>System prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>Begun {when}</source>
        <translation>开始于 {when}</translation>
    </message>
    <message>
        <source>Exported {when} with Fin-R1 Desk {version}</source>
        <translation>由 Fin-R1 Desk {version} 导出于 {when}</translation>
    </message>
    <message>
        <source>{count} tokens</source>
        <translation>{count} 个词元</translation>
    </message>
    <message>
        <source>{speed} tokens/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>seed {seed}</source>
        <translation>随机种子 {seed}</translation>
    </message>
    <message>
        <source>temperature {value}</source>
        <translation>温度 {value}</translation>
    </message>
    <message>
        <source>Page {page} of {pages}</source>
        <translation>第 {page} 页，共 {pages} 页</translation>
    </message>
</context>
<context>
    <name>ExportDialog</name>
    <message>
        <source>With the reasoning</source>
        <translation>包含推理过程</translation>
    </message>
    <message>
        <source>All branches, also those that are not shown</source>
        <translation>所有分支，包括未显示的</translation>
    </message>
    <message>
        <source>Model, time and settings of each answer</source>
        <translation>每个回答的模型、时间和设置</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Choose…</source>
        <translation>选择…</translation>
    </message>
    <message>
        <source>Export</source>
        <translation>导出</translation>
    </message>
    <message>
        <source>Export all conversations</source>
        <translation>导出所有对话</translation>
    </message>
    <message numerus="yes">
        <source>Export %n conversation(s)</source>
        <translation>
            <numerusform>导出 %n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Markdown</source>
        <translation>Markdown 文本</translation>
    </message>
    <message>
        <source>Web page (HTML)</source>
        <translation>网页 (HTML)</translation>
    </message>
    <message>
        <source>PDF</source>
        <translation>PDF 文档</translation>
    </message>
    <message>
        <source>Word document (DOCX)</source>
        <translation>Word 文档 (DOCX)</translation>
    </message>
    <message>
        <source>&amp;Format</source>
        <translation>格式(&amp;F)</translation>
    </message>
    <message>
        <source>Contents</source>
        <translation>内容</translation>
    </message>
    <message>
        <source>F&amp;older</source>
        <translation>文件夹(&amp;O)</translation>
    </message>
    <message>
        <source>Plain text for every editor; can be imported again as it was.</source>
        <translation>任何编辑器都能打开的纯文本；可以原样再次导入。</translation>
    </message>
    <message>
        <source>One file for every browser, without network, with formulas and colours.</source>
        <translation>任何浏览器都能打开的单个文件，无需网络，含公式和代码着色。</translation>
    </message>
    <message>
        <source>Pages to print and to send, with formulas and page numbers.</source>
        <translation>便于打印和发送的页面，含公式和页码。</translation>
    </message>
    <message>
        <source>Headings, tables and formulas that can be edited in Word.</source>
        <translation>标题、表格和公式都可以在 Word 中编辑。</translation>
    </message>
</context>
<context>
    <name>Facts</name>
    <message>
        <source>Written</source>
        <translation>生成时间</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Seed</source>
        <translation>随机种子</translation>
    </message>
    <message>
        <source>Sampling</source>
        <translation>采样</translation>
    </message>
    <message>
        <source>Left out</source>
        <translation>省略</translation>
    </message>
    <message>
        <source>Ended</source>
        <translation>结束</translation>
    </message>
    <message>
        <source>SHA-256 of the file</source>
        <translation>文件的 SHA-256</translation>
    </message>
    <message>
        <source>Version</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>loading the model {seconds} s</source>
        <translation>加载模型 {seconds} 秒</translation>
    </message>
    <message>
        <source>reading the question {seconds} s</source>
        <translation>读取问题 {seconds} 秒</translation>
    </message>
    <message>
        <source>writing {seconds} s</source>
        <translation>生成 {seconds} 秒</translation>
    </message>
    <message>
        <source>of it thinking {seconds} s</source>
        <translation>其中思考 {seconds} 秒</translation>
    </message>
    <message>
        <source>{speed} tokens/s</source>
        <translation>{speed} 词元/秒</translation>
    </message>
    <message>
        <source>Time</source>
        <translation>用时</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>{count} of them from the cache</source>
        <translation>其中 {count} 来自缓存</translation>
    </message>
    <message>
        <source>{count} of them thinking</source>
        <translation>其中 {count} 用于思考</translation>
    </message>
    <message>
        <source>Tokens of the prompt</source>
        <translation>提示词元</translation>
    </message>
    <message>
        <source>Tokens written</source>
        <translation>生成词元</translation>
    </message>
    <message>
        <source>repetition penalty {value}</source>
        <translation>重复惩罚 {value}</translation>
    </message>
    <message>
        <source>temperature {value}</source>
        <translation>温度 {value}</translation>
    </message>
    <message>
        <source>at most {value} tokens</source>
        <translation>最多 {value} 词元</translation>
    </message>
    <message>
        <source>{tokens} tokens</source>
        <translation>{tokens} 词元</translation>
    </message>
    <message>
        <source>by itself</source>
        <translation>自然结束</translation>
    </message>
    <message>
        <source>at the token limit</source>
        <translation>达到词元上限</translation>
    </message>
    <message>
        <source>stopped because it repeated itself</source>
        <translation>因重复而停止</translation>
    </message>
    <message>
        <source>stopped by you</source>
        <translation>由您停止</translation>
    </message>
    <message>
        <source>by an error</source>
        <translation>出错</translation>
    </message>
    <message>
        <source>messages: {count}</source>
        <translation>消息：{count} 条</translation>
    </message>
</context>
<context>
    <name>FactsPopover</name>
    <message>
        <source>About this answer</source>
        <translation>关于此回答</translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>FailurePage</name>
    <message>
        <source>Nothing was changed or deleted.</source>
        <translation>没有更改或删除任何内容。</translation>
    </message>
    <message>
        <source>Choose another data folder…</source>
        <translation>选择其他数据文件夹…</translation>
    </message>
    <message>
        <source>Quit</source>
        <translation>退出</translation>
    </message>
</context>
<context>
    <name>FieldTable</name>
    <message>
        <source>Field</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Label</source>
        <translation>标签</translation>
    </message>
    <message>
        <source>Kind</source>
        <translation>类型</translation>
    </message>
    <message>
        <source>Required</source>
        <translation>必填</translation>
    </message>
    <message>
        <source>Choices: a | b</source>
        <translation>选项：甲 | 乙</translation>
    </message>
    <message>
        <source>Text of several lines</source>
        <translation>多行文本</translation>
    </message>
    <message>
        <source>Line of text</source>
        <translation>单行文本</translation>
    </message>
    <message>
        <source>Number</source>
        <translation>数字</translation>
    </message>
    <message>
        <source>Choice</source>
        <translation>单选</translation>
    </message>
    <message>
        <source>Lettered options</source>
        <translation>带字母的选项</translation>
    </message>
    <message>
        <source>Table</source>
        <translation>表格</translation>
    </message>
</context>
<context>
    <name>FilterChips</name>
    <message>
        <source>Other dates…</source>
        <translation>其他日期…</translation>
    </message>
    <message>
        <source>All folders</source>
        <translation>所有文件夹</translation>
    </message>
    <message>
        <source>All models</source>
        <translation>所有模型</translation>
    </message>
    <message>
        <source>Date</source>
        <translation>日期</translation>
    </message>
    <message>
        <source>Folder</source>
        <translation>文件夹</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Where</source>
        <translation>范围</translation>
    </message>
    <message>
        <source>Search everything again</source>
        <translation>清除筛选条件</translation>
    </message>
    <message>
        <source>Any time</source>
        <translation>不限时间</translation>
    </message>
    <message>
        <source>Today</source>
        <translation>今天</translation>
    </message>
    <message>
        <source>Last 7 days</source>
        <translation>最近 7 天</translation>
    </message>
    <message>
        <source>Last 30 days</source>
        <translation>最近 30 天</translation>
    </message>
    <message>
        <source>This year</source>
        <translation>今年</translation>
    </message>
    <message>
        <source>Everywhere</source>
        <translation>全部内容</translation>
    </message>
    <message>
        <source>Questions</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Reasoning</source>
        <translation>推理过程</translation>
    </message>
</context>
<context>
    <name>FindBar</name>
    <message>
        <source>{number} of {count}</source>
        <translation>第 {number} 处，共 {count} 处</translation>
    </message>
    <message>
        <source>Searching…</source>
        <translation>正在查找…</translation>
    </message>
    <message>
        <source>Not found</source>
        <translation>未找到</translation>
    </message>
    <message>
        <source>Find in this conversation</source>
        <translation>在此对话中查找</translation>
    </message>
    <message>
        <source>Match case</source>
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
        <source>Close the search</source>
        <translation>关闭查找</translation>
    </message>
</context>
<context>
    <name>FoundPage</name>
    <message>
        <source>%1 (the same again)</source>
        <translation>%1（重复）</translation>
    </message>
    <message>
        <source>In use</source>
        <translation>使用中</translation>
    </message>
    <message>
        <source>trained for %1 tokens</source>
        <translation>训练上下文 %1 词元</translation>
    </message>
    <message>
        <source>with a chat template</source>
        <translation>含对话模板</translation>
    </message>
    <message>
        <source>no chat template</source>
        <translation>无对话模板</translation>
    </message>
    <message>
        <source>Use this model</source>
        <translation>使用此模型</translation>
    </message>
    <message>
        <source>Is it Fin-R1? %1</source>
        <translation>是否为 Fin-R1：%1</translation>
    </message>
    <message>
        <source>The same file as %1.</source>
        <translation>与 %1 是同一文件。</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Found in</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Models on this computer</source>
        <translation>本机上的模型</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Remove…</source>
        <translation>删除…</translation>
    </message>
    <message>
        <source>Add a folder…</source>
        <translation>添加文件夹…</translation>
    </message>
    <message>
        <source>Import from a drive…</source>
        <translation>从磁盘导入…</translation>
    </message>
</context>
<context>
    <name>GetPage</name>
    <message>
        <source>Looking at this computer…</source>
        <translation>正在了解本机配置…</translation>
    </message>
    <message>
        <source>Get Fin-R1</source>
        <translation>获取 Fin-R1</translation>
    </message>
    <message>
        <source>This computer has too little memory for Fin-R1. A team&apos;s server can answer instead.</source>
        <translation>本机内存不足以运行 Fin-R1。可以改由团队服务器作答。</translation>
    </message>
    <message>
        <source>Get Fin-R1 (%1, %2)</source>
        <translation>获取 Fin-R1（%1，%2）</translation>
    </message>
    <message>
        <source>For this computer: %1, %2, with a context of up to %3 tokens, %4.</source>
        <translation>适合本机：%1，%2，上下文最长 %3 词元，%4。</translation>
    </message>
    <message>
        <source>Fin-R1 on this computer</source>
        <translation>在本机运行 Fin-R1</translation>
    </message>
    <message>
        <source>Other versions and ways</source>
        <translation>其他版本与方式</translation>
    </message>
    <message>
        <source>Quantisation</source>
        <translation>量化</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Runs</source>
        <translation>运行方式</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Speed</source>
        <translation>速度</translation>
    </message>
    <message>
        <source>Conversions of Fin-R1</source>
        <translation>Fin-R1 的转换版本</translation>
    </message>
    <message>
        <source>Get this version</source>
        <translation>获取此版本</translation>
    </message>
    <message>
        <source>Where from</source>
        <translation>下载来源</translation>
    </message>
    <message>
        <source>Access key, if one is needed</source>
        <translation>访问密钥（如需要）</translation>
    </message>
    <message>
        <source>The model as its authors published it</source>
        <translation>作者发布的原始模型</translation>
    </message>
    <message>
        <source>%1 are fetched and converted here. A checkpoint that is here already can be converted too.</source>
        <translation>将下载 %1 并在本机转换。已在本机的检查点也可以直接转换。</translation>
    </message>
    <message>
        <source>Get and convert</source>
        <translation>下载并转换</translation>
    </message>
    <message>
        <source>Convert a folder…</source>
        <translation>转换文件夹…</translation>
    </message>
    <message>
        <source>as the environment says, else huggingface.co</source>
        <translation>按环境变量，否则 huggingface.co</translation>
    </message>
    <message>
        <source>hf-mirror.com, a mirror in China</source>
        <translation>hf-mirror.com（中国大陆镜像）</translation>
    </message>
</context>
<context>
    <name>GettingStartedDialog</name>
    <message>
        <source>Getting started</source>
        <translation>入门</translation>
    </message>
    <message>
        <source>From a question to an answer you can check</source>
        <translation>从提问到可以核对的回答</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
    <message>
        <source>&lt;b&gt;Get Fin-R1.&lt;/b&gt; The demonstration model that comes with the application knows a few exercises only. The menu &lt;b&gt;Models&lt;/b&gt; finds what is on this computer and says what suits it.</source>
        <translation>&lt;b&gt;获取 Fin-R1。&lt;/b&gt;应用自带的演示模型只会做几种练习。菜单&lt;b&gt;“模型”&lt;/b&gt;会找出本机已有的模型，并说明哪个适合这台电脑。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Ask&lt;/b&gt; in English or Chinese, with the figures or the table the answer should rest on. Files can be dropped on the window, cells pasted from a spreadsheet.</source>
        <translation>&lt;b&gt;提问。&lt;/b&gt;中文或英文均可，请附上回答所依据的数字或表格。可以把文件拖放到窗口中，也可以直接粘贴电子表格的单元格。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Read the working.&lt;/b&gt; Fin-R1 thinks before it answers; unfold its thinking to see how it came to a figure, and check that figure: a model can be wrong and sound sure.</source>
        <translation>&lt;b&gt;看推导过程。&lt;/b&gt;Fin-R1 先思考再作答；展开思考过程，可以看到数字是怎么来的。请核对这些数字：模型说得肯定，也可能出错。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Stop&lt;/b&gt; at any time, or choose «Answer now» to end the thinking. A question can be edited and an answer asked for again: what was there stays.</source>
        <translation>&lt;b&gt;随时停止，&lt;/b&gt;或选择“立即作答”结束思考。问题可以修改，回答可以重新生成，原有内容都会保留。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Find it again.&lt;/b&gt; Conversations are kept by themselves, encrypted, on this computer. Search goes through all of them, thinking included.</source>
        <translation>&lt;b&gt;随时找回。&lt;/b&gt;对话自动加密保存在本机。搜索覆盖全部对话，包括思考过程。</translation>
    </message>
    <message>
        <source>&lt;b&gt;Nothing leaves this computer&lt;/b&gt; unless you export it, follow a link, download a model, or choose a server yourself.</source>
        <translation>&lt;b&gt;任何内容都不会离开这台电脑，&lt;/b&gt;除非由您自己导出、打开链接、下载模型或选用服务器。</translation>
    </message>
</context>
<context>
    <name>GivenBinding</name>
    <message>
        <source>Reading…</source>
        <translation>正在读取…</translation>
    </message>
</context>
<context>
    <name>Header</name>
    <message>
        <source>Leaves this computer: {host}</source>
        <translation>内容会离开本机：{host}</translation>
    </message>
    <message>
        <source>What you ask is sent to {host}, with the conversation before it.</source>
        <translation>您的提问连同之前的对话会发送到 {host}。</translation>
    </message>
    <message>
        <source>The connection is not encrypted: others in the network can read along.</source>
        <translation>连接未加密：网络中的其他人可以看到内容。</translation>
    </message>
    <message>
        <source>Untitled conversation</source>
        <translation>无标题对话</translation>
    </message>
    <message>
        <source>Hide the sidebar</source>
        <translation>隐藏侧边栏</translation>
    </message>
    <message>
        <source>Show the sidebar</source>
        <translation>显示侧边栏</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Export this conversation</source>
        <translation>导出此对话</translation>
    </message>
</context>
<context>
    <name>HitDelegate</name>
    <message>
        <source>Reasoning</source>
        <translation>推理过程</translation>
    </message>
    <message>
        <source>d MMM</source>
        <translation>M月d日</translation>
    </message>
</context>
<context>
    <name>ImportReportDialog</name>
    <message>
        <source>Import</source>
        <translation>导入</translation>
    </message>
    <message numerus="yes">
        <source>%n part(s) could not be read.</source>
        <translation>
            <numerusform>有 %n 个部分无法读取。</numerusform>
        </translation>
    </message>
    <message>
        <source>Copy</source>
        <translation>复制</translation>
    </message>
</context>
<context>
    <name>JobStrip</name>
    <message>
        <source>Not finished: %1 % of %2 have been fetched.</source>
        <translation>未完成：已下载 %2 的 %1 %。</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>How far it is</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Throw away</source>
        <translation>丢弃</translation>
    </message>
</context>
<context>
    <name>KeepingBinding</name>
    <message numerus="yes">
        <source>%n conversations deleted</source>
        <translation>
            <numerusform>已删除 %n 个对话</numerusform>
        </translation>
    </message>
    <message>
        <source>Deleted: {title}</source>
        <translation>已删除：{title}</translation>
    </message>
    <message>
        <source>Folder deleted: {name}</source>
        <translation>已删除文件夹：{name}</translation>
    </message>
</context>
<context>
    <name>LibraryBinding</name>
    <message>
        <source>%1 is ready.</source>
        <translation>%1 已就绪。</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Models…</source>
        <translation>模型…</translation>
    </message>
    <message>
        <source>The download of %1 was interrupted at %2 %.</source>
        <translation>%1 的下载在 %2 % 处中断。</translation>
    </message>
    <message>
        <source>Go on</source>
        <translation>继续</translation>
    </message>
</context>
<context>
    <name>LibraryDialog</name>
    <message>
        <source>Try hf-mirror.com</source>
        <translation>改用 hf-mirror.com</translation>
    </message>
    <message>
        <source>%1 is ready.</source>
        <translation>%1 已就绪。</translation>
    </message>
    <message>
        <source>Use it</source>
        <translation>使用</translation>
    </message>
    <message>
        <source>Models</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>On this computer</source>
        <translation>本机上的模型</translation>
    </message>
    <message>
        <source>Get Fin-R1</source>
        <translation>获取 Fin-R1</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>ModelMenu</name>
    <message>
        <source>How the model is loaded…</source>
        <translation>模型的加载方式…</translation>
    </message>
    <message>
        <source>Load now</source>
        <translation>立即加载</translation>
    </message>
    <message>
        <source>Unload</source>
        <translation>卸载</translation>
    </message>
</context>
<context>
    <name>ModelWords</name>
    <message>
        <source>%1: same first choice on %2 % of tokens</source>
        <translation>%1：%2% 的词元首选相同</translation>
    </message>
</context>
<context>
    <name>Models</name>
    <message>
        <source>the models on this machine, and how to get Fin-R1</source>
        <translation>本机上的模型，以及如何获取 Fin-R1</translation>
    </message>
    <message>
        <source>list the models of this and other applications</source>
        <translation>列出本应用和其他应用的模型</translation>
    </message>
    <message>
        <source>say what a model is, and whether it is Fin-R1</source>
        <translation>说明一个模型的内容，以及它是否为 Fin-R1</translation>
    </message>
    <message>
        <source>copy a model from a drive, or remember a folder with models</source>
        <translation>从磁盘复制模型，或记住一个存放模型的文件夹</translation>
    </message>
    <message>
        <source>fetch a conversion of Fin-R1, or go on with it</source>
        <translation>下载 Fin-R1 的转换版本，或继续下载</translation>
    </message>
    <message>
        <source>hash a model and compare it with what is known of it</source>
        <translation>计算模型的哈希值，并与已知记录比较</translation>
    </message>
    <message>
        <source>remove a model from the application&apos;s own folder</source>
        <translation>从本应用的文件夹中删除模型</translation>
    </message>
    <message>
        <source>its file, or the file&apos;s name</source>
        <translation>模型文件，或文件名</translation>
    </message>
    <message>
        <source>do not ask</source>
        <translation>不询问</translation>
    </message>
    <message>
        <source>a GGUF file, or a folder</source>
        <translation>GGUF 文件或文件夹</translation>
    </message>
    <message>
        <source>do not copy; remember the folder it lies in</source>
        <translation>不复制，只记住它所在的文件夹</translation>
    </message>
    <message>
        <source>as OWNER/NAME; without one, what suits this machine</source>
        <translation>格式为 OWNER/NAME；不填则选择适合本机的版本</translation>
    </message>
    <message>
        <source>the file in the repository</source>
        <translation>仓库中的文件</translation>
    </message>
    <message>
        <source>Q4_K_M and the like, instead of a file</source>
        <translation>Q4_K_M 等量化类型，代替文件名</translation>
    </message>
    <message>
        <source>the checkpoint as published, 15.2 GB, and convert it (to Q4_K_M by default)</source>
        <translation>下载官方发布的检查点（15.2 GB）并转换（默认为 Q4_K_M）</translation>
    </message>
    <message>
        <source>the hub (HF_ENDPOINT names a mirror)</source>
        <translation>模型平台（HF_ENDPOINT 可指定镜像）</translation>
    </message>
    <message>
        <source>What has been fetched is kept: the same command goes on with it.</source>
        <translation>已下载的部分会保留：再次执行同一命令即可继续。</translation>
    </message>
    <message>
        <source>This machine has too little memory for Fin-R1.</source>
        <translation>本机内存不足以运行 Fin-R1。</translation>
    </message>
    <message>
        <source>Name a conversion to fetch it all the same.</source>
        <translation>如仍要下载，请指定一个转换版本。</translation>
    </message>
    <message>
        <source>Give the path; “finr1-desk models list” shows it.</source>
        <translation>请给出路径；“finr1-desk models list”会列出。</translation>
    </message>
    <message>
        <source>yes</source>
        <translation>是</translation>
    </message>
    <message>
        <source>none</source>
        <translation>无</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>File</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>Size</source>
        <translation>大小</translation>
    </message>
    <message>
        <source>Found in</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>Architecture</source>
        <translation>架构</translation>
    </message>
    <message>
        <source>Trained context</source>
        <translation>训练上下文</translation>
    </message>
    <message>
        <source>Chat template</source>
        <translation>对话模板</translation>
    </message>
    <message>
        <source>Made from</source>
        <translation>源自</translation>
    </message>
    <message>
        <source>not computed yet</source>
        <translation>尚未计算</translation>
    </message>
    <message>
        <source>copied</source>
        <translation>已复制</translation>
    </message>
    <message>
        <source>read</source>
        <translation>已读取</translation>
    </message>
    <message>
        <source>Nobody is there to be asked.</source>
        <translation>没有可供询问的用户。</translation>
    </message>
    <message>
        <source>Give --yes.</source>
        <translation>请加上 --yes。</translation>
    </message>
    <message>
        <source>It is what was verified when it came.</source>
        <translation>与获取时校验的内容一致。</translation>
    </message>
    <message>
        <source>own folder</source>
        <translation>本应用的文件夹</translation>
    </message>
    <message>
        <source>added folder</source>
        <translation>添加的文件夹</translation>
    </message>
    <message>
        <source>a file</source>
        <translation>文件</translation>
    </message>
    <message>
        <source>built in</source>
        <translation>内置</translation>
    </message>
    <message>
        <source>very likely</source>
        <translation>很可能是</translation>
    </message>
    <message>
        <source>it does not say so, but has the shape</source>
        <translation>没有标明，但结构相同</translation>
    </message>
    <message>
        <source>no: it is called so, but has another shape</source>
        <translation>不是：名称相同，但结构不同</translation>
    </message>
    <message>
        <source>no</source>
        <translation>不是</translation>
    </message>
    <message>
        <source>hash of a known conversion</source>
        <translation>已知转换版本的哈希值</translation>
    </message>
    <message>
        <source>name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>origin</source>
        <translation>来源</translation>
    </message>
    <message>
        <source>shape of Qwen2.5-7B</source>
        <translation>Qwen2.5-7B 的结构</translation>
    </message>
    <message>
        <source>%1, %2, from %3</source>
        <translation>%1，%2，来自 %3</translation>
    </message>
    <message>
        <source>%1 min %2 s left</source>
        <translation>剩余 %1 分 %2 秒</translation>
    </message>
    <message>
        <source>Models in %1 are offered from now on.</source>
        <translation>今后会列出 %1 中的模型。</translation>
    </message>
    <message>
        <source>%1 was removed.</source>
        <translation>%1 已删除。</translation>
    </message>
    <message>
        <source>Known: %1</source>
        <translation>已知版本：%1</translation>
    </message>
    <message>
        <source>Several models are called “%1”.</source>
        <translation>有多个模型名为“%1”。</translation>
    </message>
    <message>
        <source>Remove %1?</source>
        <translation>要删除 %1 吗？</translation>
    </message>
    <message>
        <source>the same as %1</source>
        <translation>与 %1 相同</translation>
    </message>
    <message>
        <source>on the GPU</source>
        <translation>在 GPU 上运行</translation>
    </message>
    <message>
        <source>%1 of %2 layers on the GPU</source>
        <translation>%2 层中的 %1 层在 GPU 上</translation>
    </message>
    <message>
        <source>on the processor</source>
        <translation>在处理器上运行</translation>
    </message>
    <message>
        <source>does not fit</source>
        <translation>内存不足</translation>
    </message>
    <message>
        <source>about %1 tokens/s</source>
        <translation>约 %1 词元/秒</translation>
    </message>
    <message>
        <source>%1 (8-bit cache)</source>
        <translation>%1（8 位缓存）</translation>
    </message>
    <message>
        <source>Speeds are estimated from what graphics cards of this kind usually reach.</source>
        <translation>速度按此类显卡的通常水平估计。</translation>
    </message>
    <message>
        <source>Speeds are estimated from memory bandwidth, measured just now: %1.</source>
        <translation>速度按刚刚测得的内存带宽估计：%1。</translation>
    </message>
    <message>
        <source>Speeds are estimated from a usual memory bandwidth: %1.</source>
        <translation>速度按常见的内存带宽估计：%1。</translation>
    </message>
    <message>
        <source>Asking the hub</source>
        <translation>正在查询模型平台</translation>
    </message>
    <message>
        <source>Reading what is there already</source>
        <translation>正在读取已有的部分</translation>
    </message>
    <message>
        <source>Waiting %1 s (%2)</source>
        <translation>等待 %1 秒（%2）</translation>
    </message>
    <message>
        <source>Putting it in its place</source>
        <translation>正在存放到位</translation>
    </message>
    <message>
        <source>Converting</source>
        <translation>正在转换</translation>
    </message>
    <message>
        <source>Quantising</source>
        <translation>正在量化</translation>
    </message>
    <message>
        <source>Copying</source>
        <translation>正在复制</translation>
    </message>
    <message>
        <source>%1 s left</source>
        <translation>剩余 %1 秒</translation>
    </message>
</context>
<context>
    <name>NoticeBar</name>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Close this message</source>
        <translation>关闭此消息</translation>
    </message>
</context>
<context>
    <name>Notifier</name>
    <message>
        <source>An answer is ready</source>
        <translation>回答已生成</translation>
    </message>
</context>
<context>
    <name>PlanDialog</name>
    <message>
        <source>No model</source>
        <translation>没有模型</translation>
    </message>
    <message>
        <source>The engine is looking at the model…</source>
        <translation>引擎正在查看模型…</translation>
    </message>
    <message>
        <source>How the model is loaded</source>
        <translation>模型的加载方式</translation>
    </message>
    <message>
        <source>Remembered for this model on this computer, and used when it is loaded next.</source>
        <translation>将为此模型在本机上记住，并在下次加载时使用。</translation>
    </message>
    <message>
        <source>Load now</source>
        <translation>立即加载</translation>
    </message>
    <message>
        <source>As in the settings</source>
        <translation>恢复为全局设置</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>PlanWords</name>
    <message>
        <source>The model could not be loaded as wished: %1.</source>
        <translation>未能按要求加载模型：%1。</translation>
    </message>
    <message>
        <source>weights %1, KV %2, compute %3 GiB</source>
        <translation>权重 %1、KV %2、计算 %3 GiB</translation>
    </message>
    <message>
        <source>%1 of %2 layers on %3, %4 GB: %5</source>
        <translation>共 %2 层，其中 %1 层在 %3（%4 GB）上：%5</translation>
    </message>
    <message>
        <source>All layers on the processor: %1; %2 GiB free</source>
        <translation>所有层都在处理器上：%1；可用 %2 GiB</translation>
    </message>
    <message>
        <source>%1 of %2 layers on the processor: %3; %4 GiB free</source>
        <translation>共 %2 层，其中 %1 层在处理器上：%3；可用 %4 GiB</translation>
    </message>
    <message>
        <source>on</source>
        <translation>开</translation>
    </message>
    <message>
        <source>off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Context %1 tokens, KV cache %2, flash attention %3, batches of %4, threads %5</source>
        <translation>上下文 %1 个词元，KV 缓存 %2，快速注意力 %3，批大小 %4，线程 %5</translation>
    </message>
    <message>
        <source>KV cache %1 instead of %2</source>
        <translation>KV 缓存为 %1，而非 %2</translation>
    </message>
    <message>
        <source>context %1 instead of %2 tokens</source>
        <translation>上下文为 %1 个词元，而非 %2</translation>
    </message>
    <message>
        <source>%1 instead of %2 layers on the GPU</source>
        <translation>GPU 上为 %1 层，而非 %2 层</translation>
    </message>
    <message>
        <source>flash attention %1 instead of %2</source>
        <translation>快速注意力为 %1，而非 %2</translation>
    </message>
</context>
<context>
    <name>PlotDialog</name>
    <message>
        <source>Plot a table</source>
        <translation>表格绘图</translation>
    </message>
    <message>
        <source>&amp;Bars</source>
        <translation>柱状图(&amp;B)</translation>
    </message>
    <message>
        <source>&amp;Lines</source>
        <translation>折线图(&amp;L)</translation>
    </message>
    <message>
        <source>&amp;Copy picture</source>
        <translation>复制图片(&amp;C)</translation>
    </message>
    <message>
        <source>&amp;Save picture…</source>
        <translation>保存图片(&amp;S)…</translation>
    </message>
    <message>
        <source>Column {number}</source>
        <translation>第 {number} 列</translation>
    </message>
    <message>
        <source>L&amp;abels</source>
        <translation>标签(&amp;A)</translation>
    </message>
    <message>
        <source>&amp;Values</source>
        <translation>数值(&amp;V)</translation>
    </message>
    <message>
        <source>Chart of {columns}</source>
        <translation>图表：{columns}</translation>
    </message>
    <message>
        <source>PNG picture (*.png);;SVG drawing (*.svg)</source>
        <translation>PNG 图片 (*.png);;SVG 矢量图 (*.svg)</translation>
    </message>
    <message>
        <source>Save picture</source>
        <translation>保存图片</translation>
    </message>
    <message>
        <source>chart</source>
        <translation>图表</translation>
    </message>
</context>
<context>
    <name>RegeneratePopover</name>
    <message>
        <source>Regenerate</source>
        <translation>重新生成</translation>
    </message>
</context>
<context>
    <name>RunDialog</name>
    <message>
        <source>Run over a file</source>
        <translation>对文件批量运行</translation>
    </message>
    <message>
        <source>%1, for every row of a file</source>
        <translation>%1：对文件逐行运行</translation>
    </message>
    <message>
        <source>Choose a table…</source>
        <translation>选择表格…</translation>
    </message>
    <message>
        <source>Write the answers to</source>
        <translation>将答案写入</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>With the reasoning, in a column of its own</source>
        <translation>包含推理过程，单独一列</translation>
    </message>
    <message>
        <source>Open folder</source>
        <translation>打开文件夹</translation>
    </message>
    <message>
        <source>Replace</source>
        <translation>替换</translation>
    </message>
    <message>
        <source>Resume</source>
        <translation>继续</translation>
    </message>
    <message>
        <source>Pause</source>
        <translation>暂停</translation>
    </message>
    <message>
        <source>Start</source>
        <translation>开始</translation>
    </message>
    <message>
        <source>Progress</source>
        <translation>进度</translation>
    </message>
    <message>
        <source>CSV or XLSX, with the headings in the first row</source>
        <translation>CSV 或 XLSX，首行为表头</translation>
    </message>
    <message>
        <source>– no column –</source>
        <translation>– 不使用列 –</translation>
    </message>
    <message>
        <source>%1 (may be empty)</source>
        <translation>%1（可留空）</translation>
    </message>
    <message>
        <source>Beginning…</source>
        <translation>正在开始…</translation>
    </message>
    <message>
        <source>Pausing…</source>
        <translation>正在暂停…</translation>
    </message>
    <message>
        <source>%1 of %2 rows</source>
        <translation>第 %1 行，共 %2 行</translation>
    </message>
    <message>
        <source>%1 failed</source>
        <translation>%1 行失败</translation>
    </message>
    <message>
        <source>%1: %2 rows</source>
        <translation>%1：%2 行</translation>
    </message>
</context>
<context>
    <name>SelectionBar</name>
    <message numerus="yes">
        <source>%n selected</source>
        <translation>
            <numerusform>已选 %n 个</numerusform>
        </translation>
    </message>
    <message>
        <source>Move the selected conversations to a folder</source>
        <translation>将所选对话移到文件夹</translation>
    </message>
    <message>
        <source>Export the selected conversations</source>
        <translation>导出所选对话</translation>
    </message>
    <message>
        <source>Delete the selected conversations</source>
        <translation>删除所选对话</translation>
    </message>
    <message>
        <source>Select no more than one</source>
        <translation>取消多选</translation>
    </message>
</context>
<context>
    <name>Sentences</name>
    <message>
        <source>no reason was given</source>
        <translation>未说明原因</translation>
    </message>
    <message>
        <source>this system has no keychain</source>
        <translation>本系统没有钥匙串</translation>
    </message>
    <message>
        <source>the keychain is locked</source>
        <translation>钥匙串已锁定</translation>
    </message>
    <message>
        <source>it did not answer in time</source>
        <translation>钥匙串未及时响应</translation>
    </message>
    <message>
        <source>the keychain refused</source>
        <translation>钥匙串拒绝了请求</translation>
    </message>
    <message>
        <source>it is neither in the keychain nor in a file</source>
        <translation>钥匙串和文件中都没有</translation>
    </message>
    <message>
        <source>the file that holds it is damaged</source>
        <translation>存放密钥的文件已损坏</translation>
    </message>
    <message>
        <source>the file is empty</source>
        <translation>文件为空</translation>
    </message>
    <message>
        <source>the file is not encrypted</source>
        <translation>文件未加密</translation>
    </message>
    <message>
        <source>it holds no conversations</source>
        <translation>其中没有对话</translation>
    </message>
    <message>
        <source>its version is missing</source>
        <translation>缺少版本信息</translation>
    </message>
    <message>
        <source>a message in it cannot be read</source>
        <translation>其中有一条消息无法读取</translation>
    </message>
    <message>
        <source>it is not valid JSON</source>
        <translation>不是有效的 JSON</translation>
    </message>
    <message>
        <source>it has none</source>
        <translation>文件中没有对话模板</translation>
    </message>
    <message>
        <source>There is no model file at %1.</source>
        <translation>%1 处没有模型文件。</translation>
    </message>
    <message>
        <source>Check the path, or choose another model.</source>
        <translation>请检查路径，或选择其他模型。</translation>
    </message>
    <message>
        <source>The model file %1 cannot be read: %2.</source>
        <translation>无法读取模型文件 %1：%2。</translation>
    </message>
    <message>
        <source>Check that you may read the file and that it is a language model, or get it again.</source>
        <translation>请确认您有权读取该文件且它是语言模型，或重新获取。</translation>
    </message>
    <message>
        <source>%1 is not a GGUF model.</source>
        <translation>%1 不是 GGUF 模型。</translation>
    </message>
    <message>
        <source>Choose a file that ends in .gguf, or convert a checkpoint with finr1-convert.</source>
        <translation>请选择以 .gguf 结尾的文件，或用 finr1-convert 转换检查点。</translation>
    </message>
    <message>
        <source>This version cannot run models of the architecture “%2” (%1).</source>
        <translation>此版本无法运行“%2”架构的模型（%1）。</translation>
    </message>
    <message>
        <source>Choose a model based on Qwen2, Llama, Mistral or another common architecture.</source>
        <translation>请选择基于 Qwen2、Llama、Mistral 或其他常见架构的模型。</translation>
    </message>
    <message>
        <source>There is no model on this machine.</source>
        <translation>本机上没有模型。</translation>
    </message>
    <message>
        <source>Download a GGUF of Fin-R1 into the models folder, or choose a file.</source>
        <translation>请将 Fin-R1 的 GGUF 文件下载到模型文件夹，或选择一个文件。</translation>
    </message>
    <message>
        <source>The download was probably cut off. Get the file again.</source>
        <translation>下载可能中断了，请重新获取该文件。</translation>
    </message>
    <message>
        <source>The model file %1 is incomplete: it ends after %2.</source>
        <translation>模型文件 %1 不完整：只有 %2。</translation>
    </message>
    <message>
        <source>The model file %1 is incomplete: %2 of %3 are there.</source>
        <translation>模型文件 %1 不完整：应有 %3，实有 %2。</translation>
    </message>
    <message>
        <source>The model needs about %2 of memory and %3 are free (%1).</source>
        <translation>该模型约需 %2 内存，目前可用 %3（%1）。</translation>
    </message>
    <message>
        <source>Choose a smaller quantisation or a shorter context, or close other programs.</source>
        <translation>请选择更小的量化版本或更短的上下文，或关闭其他程序。</translation>
    </message>
    <message>
        <source>The model %1 could not be loaded: %2.</source>
        <translation>无法加载模型 %1：%2。</translation>
    </message>
    <message>
        <source>The file may be damaged or made for a newer version. Get it again, or choose another.</source>
        <translation>文件可能已损坏，或是为更新的版本制作的。请重新获取或另选一个。</translation>
    </message>
    <message>
        <source>The chat template of %1 cannot be used: %2.</source>
        <translation>无法使用 %1 的对话模板：%2。</translation>
    </message>
    <message>
        <source>Choose an instruction-tuned model whose file contains a chat template.</source>
        <translation>请选择文件中带有对话模板的指令微调模型。</translation>
    </message>
    <message>
        <source>There is not enough memory for a context of %1 tokens.</source>
        <translation>内存不足，无法容纳 %1 个词元的上下文。</translation>
    </message>
    <message>
        <source>Choose a shorter context or a smaller quantisation, or close other programs.</source>
        <translation>请选择更短的上下文或更小的量化版本，或关闭其他程序。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly three times within a minute and is not tried again for now.</source>
        <translation>引擎在一分钟内意外结束了三次，暂时不再启动。</translation>
    </message>
    <message>
        <source>Load the model again, choose another, or ask in a minute. The report is in %1.</source>
        <translation>请重新加载模型、换一个模型，或一分钟后再提问。报告在 %1。</translation>
    </message>
    <message>
        <source>The model file %1 was changed while it answered.</source>
        <translation>回答过程中，模型文件 %1 被更改了。</translation>
    </message>
    <message>
        <source>What it wrote last may be wrong. Ask again: the file is loaded anew.</source>
        <translation>最后写出的内容可能有误。请再次提问：将重新加载该文件。</translation>
    </message>
    <message>
        <source>The engine could not be started: %1.</source>
        <translation>无法启动引擎：%1。</translation>
    </message>
    <message>
        <source>Run “finr1-desk doctor” to see what is missing, or install again.</source>
        <translation>请运行“finr1-desk doctor”查看缺少什么，或重新安装。</translation>
    </message>
    <message>
        <source>The engine is of version %2, this application needs %1.</source>
        <translation>引擎版本为 %2，本应用需要 %1。</translation>
    </message>
    <message>
        <source>Close every window and terminal of Fin-R1 Desk, or install again.</source>
        <translation>请关闭 Fin-R1 Desk 的所有窗口和终端，或重新安装。</translation>
    </message>
    <message>
        <source>The engine could not compute the answer (status %1).</source>
        <translation>引擎无法计算出回答（状态 %1）。</translation>
    </message>
    <message>
        <source>Ask again. If it happens once more, choose a shorter context or fewer GPU layers.</source>
        <translation>请再问一次。如再次出现，请选择更短的上下文或更少的 GPU 层数。</translation>
    </message>
    <message>
        <source>It is tried once more without rearranging the model&apos;s weights, which is slower.</source>
        <translation>将以不重排模型权重的方式再试一次，速度会慢一些。</translation>
    </message>
    <message>
        <source>It is tried once more without the GPU, which is slower.</source>
        <translation>将不使用 GPU 再试一次，速度会慢一些。</translation>
    </message>
    <message>
        <source>The engine had stopped moving and was ended.</source>
        <translation>引擎停止响应，已被结束。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly while it started.</source>
        <translation>引擎在启动时意外结束。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly while it loaded the model.</source>
        <translation>引擎在加载模型时意外结束。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly while it read the question.</source>
        <translation>引擎在阅读问题时意外结束。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly while it wrote the answer.</source>
        <translation>引擎在生成回答时意外结束。</translation>
    </message>
    <message>
        <source>The engine ended unexpectedly.</source>
        <translation>引擎意外结束。</translation>
    </message>
    <message>
        <source>There may be too little memory. Ask again, with a smaller quantisation or a shorter context.</source>
        <translation>内存可能不足。请用更小的量化版本或更短的上下文再问一次。</translation>
    </message>
    <message>
        <source>Ask again: the engine starts anew. It was ended by signal %1.</source>
        <translation>请再问一次，引擎会重新启动。它因信号 %1 而结束。</translation>
    </message>
    <message>
        <source>Ask again: the engine starts anew. Its exit code was %1.</source>
        <translation>请再问一次，引擎会重新启动。其退出码为 %1。</translation>
    </message>
    <message>
        <source>Ask again: the engine starts anew.</source>
        <translation>请再问一次，引擎会重新启动。</translation>
    </message>
    <message>
        <source>The question has %1 tokens with what came before; the context holds %2.</source>
        <translation>问题连同之前的内容共 %1 个词元，而上下文只能容纳 %2 个。</translation>
    </message>
    <message>
        <source>Shorten it by at least %1 tokens, start a new conversation, or set a longer context.</source>
        <translation>请至少缩短 %1 个词元、新建对话，或设置更长的上下文。</translation>
    </message>
    <message>
        <source>A context of %1 tokens is not possible.</source>
        <translation>上下文不能设为 %1 个词元。</translation>
    </message>
    <message>
        <source>Choose at most %1 tokens.</source>
        <translation>最多可设 %1 个词元。</translation>
    </message>
    <message>
        <source>The question is empty.</source>
        <translation>问题是空的。</translation>
    </message>
    <message>
        <source>Write a question first.</source>
        <translation>请先写下问题。</translation>
    </message>
    <message>
        <source>“%2” is not a possible value for %1.</source>
        <translation>“%2”不是 %1 的有效值。</translation>
    </message>
    <message>
        <source>Give a value within the allowed range.</source>
        <translation>请给出允许范围内的值。</translation>
    </message>
    <message>
        <source>The conversations in %1 cannot be opened with this key.</source>
        <translation>无法用此密钥打开 %1 中的对话。</translation>
    </message>
    <message>
        <source>Restore the key that belongs to them, or choose another data folder.</source>
        <translation>请恢复与之对应的密钥，或选择其他数据文件夹。</translation>
    </message>
    <message>
        <source>The conversations in %1 were written by a newer version (%2; this one reads %3).</source>
        <translation>%1 中的对话由更新的版本写入（%2；本版本可读 %3）。</translation>
    </message>
    <message>
        <source>Install the newest version. Nothing was changed.</source>
        <translation>请安装最新版本。没有更改任何内容。</translation>
    </message>
    <message>
        <source>The file with the conversations, %1, is damaged: %2.</source>
        <translation>存放对话的文件 %1 已损坏：%2。</translation>
    </message>
    <message>
        <source>Keep a copy of the data folder, then restore the file from a backup.</source>
        <translation>请先保留一份数据文件夹的副本，再从备份恢复该文件。</translation>
    </message>
    <message>
        <source>The disk is full: %1 could not be written.</source>
        <translation>磁盘已满：无法写入 %1。</translation>
    </message>
    <message>
        <source>Free some space. What was saved before is safe.</source>
        <translation>请腾出一些空间。此前保存的内容是安全的。</translation>
    </message>
    <message>
        <source>%1 cannot be written: %2.</source>
        <translation>无法写入 %1：%2。</translation>
    </message>
    <message>
        <source>Check the permissions of the data folder, or choose another one.</source>
        <translation>请检查数据文件夹的权限，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>Another program is using %1.</source>
        <translation>另一个程序正在使用 %1。</translation>
    </message>
    <message>
        <source>Wait until it is done, then try again.</source>
        <translation>请等它完成后再试。</translation>
    </message>
    <message>
        <source>The data folder %1 cannot be used: %2.</source>
        <translation>无法使用数据文件夹 %1：%2。</translation>
    </message>
    <message>
        <source>Check its permissions, or choose another with --data-dir or FINR1_DESK_DATA_DIR.</source>
        <translation>请检查其权限，或用 --data-dir 或 FINR1_DESK_DATA_DIR 另选一个。</translation>
    </message>
    <message>
        <source>The key of the conversations is not available: %1.</source>
        <translation>无法取得对话的密钥：%1。</translation>
    </message>
    <message>
        <source>Unlock the keychain of your system and try again.</source>
        <translation>请解锁系统钥匙串后再试。</translation>
    </message>
    <message>
        <source>The settings in %1 could not be read: %2.</source>
        <translation>无法读取 %1 中的设置：%2。</translation>
    </message>
    <message>
        <source>The defaults are used; the damaged file was kept beside them.</source>
        <translation>已改用默认设置；损坏的文件保留在旁边。</translation>
    </message>
    <message>
        <source>There is no conversation “%1”.</source>
        <translation>没有对话“%1”。</translation>
    </message>
    <message>
        <source>“finr1-desk conversations list” shows what there is.</source>
        <translation>用“finr1-desk conversations list”可查看现有对话。</translation>
    </message>
    <message>
        <source>%1 is not an exported conversation (line %2).</source>
        <translation>%1 不是导出的对话（第 %2 行）。</translation>
    </message>
    <message>
        <source>Choose a Markdown file that Fin-R1 Desk exported.</source>
        <translation>请选择由 Fin-R1 Desk 导出的 Markdown 文件。</translation>
    </message>
    <message>
        <source>The conversation in %1 is damaged at line %2.</source>
        <translation>%1 中的对话在第 %2 行损坏。</translation>
    </message>
    <message>
        <source>Undo changes that were made to the file, or export it again.</source>
        <translation>请撤销对该文件的改动，或重新导出。</translation>
    </message>
    <message>
        <source>%1 cannot be read: %2.</source>
        <translation>无法读取 %1：%2。</translation>
    </message>
    <message>
        <source>Check that the file is there, is UTF-8 text, and that you may read it.</source>
        <translation>请确认文件存在、是 UTF-8 文本且您有权读取。</translation>
    </message>
    <message>
        <source>Check the folder&apos;s permissions and the free space, or choose another folder.</source>
        <translation>请检查文件夹的权限和剩余空间，或选择其他文件夹。</translation>
    </message>
    <message>
        <source>There is no folder “%1”.</source>
        <translation>没有名为“%1”的文件夹。</translation>
    </message>
    <message>
        <source>What this belongs to was deleted meanwhile.</source>
        <translation>它所属的内容已被删除。</translation>
    </message>
    <message>
        <source>Undo the deletion (Ctrl+Z), or ask below what is left.</source>
        <translation>请撤销删除 (Ctrl+Z)，或在剩余内容之后提问。</translation>
    </message>
    <message>
        <source>“finr1-desk conversations folders” shows what there is.</source>
        <translation>“finr1-desk conversations folders”会列出现有的文件夹。</translation>
    </message>
    <message>
        <source>There is a folder “%1” already.</source>
        <translation>已有名为“%1”的文件夹。</translation>
    </message>
    <message>
        <source>Choose another name.</source>
        <translation>请换一个名称。</translation>
    </message>
    <message>
        <source>No conversation was found in %1.</source>
        <translation>在 %1 中没有找到对话。</translation>
    </message>
    <message>
        <source>Choose a file that Fin-R1 Desk exported, or an export of ChatGPT, Open WebUI, LM Studio, Jan or GPT4All.</source>
        <translation>请选择由 Fin-R1 Desk 导出的文件，或 ChatGPT、Open WebUI、LM Studio、Jan、GPT4All 的导出文件。</translation>
    </message>
    <message>
        <source>%1 ends in the middle.</source>
        <translation>%1 在中途结束。</translation>
    </message>
    <message>
        <source>What comes before that was imported. Get the file again for the rest.</source>
        <translation>此前的内容已导入；其余内容请重新获取该文件。</translation>
    </message>
    <message>
        <source>A part of %1 cannot be read: %2.</source>
        <translation>%1 中有一部分无法读取：%2。</translation>
    </message>
    <message>
        <source>Export it again from the application that it comes from.</source>
        <translation>请从原应用程序重新导出。</translation>
    </message>
    <message>
        <source>A conversation in %1 has no messages: %2.</source>
        <translation>%1 中有一个对话没有消息：%2。</translation>
    </message>
    <message>
        <source>There is nothing of it to import.</source>
        <translation>没有可导入的内容。</translation>
    </message>
    <message>
        <source>%1 is too large to be imported; %2 is the limit of one file.</source>
        <translation>%1 太大，无法导入；单个文件的上限是 %2。</translation>
    </message>
    <message>
        <source>Unpack it, or export fewer conversations at a time.</source>
        <translation>请先解压，或每次少导出一些对话。</translation>
    </message>
    <message>
        <source>The archive %1 cannot be opened.</source>
        <translation>无法打开压缩包 %1。</translation>
    </message>
    <message>
        <source>Get the file again. An archive with a password has to be unpacked first.</source>
        <translation>请重新获取该文件。带密码的压缩包需要先解压。</translation>
    </message>
    <message>
        <source>%1 cannot be put into a question.</source>
        <translation>无法将 %1 放入问题。</translation>
    </message>
    <message>
        <source>Text, tables (CSV, XLSX), exported conversations and GGUF models can be dropped here. Of other documents, copy the passage that matters.</source>
        <translation>可以拖放文本、表格（CSV、XLSX）、导出的对话和 GGUF 模型。其他文档请复制所需的段落。</translation>
    </message>
    <message>
        <source>There is no text in %1.</source>
        <translation>%1 中没有文本。</translation>
    </message>
    <message>
        <source>Choose another file.</source>
        <translation>请选择其他文件。</translation>
    </message>
    <message>
        <source>%1 is too long for a question.</source>
        <translation>%1 太长，无法放入问题。</translation>
    </message>
    <message>
        <source>Copy the part that matters. A task (Ctrl+T) goes through all rows of a table.</source>
        <translation>请复制所需的部分。任务 (Ctrl+T) 可以逐行处理整个表格。</translation>
    </message>
    <message>
        <source>The %1 file could not be made.</source>
        <translation>无法生成 %1 文件。</translation>
    </message>
    <message>
        <source>Try Markdown, which needs least memory. The process that makes it ended with %1.</source>
        <translation>请尝试 Markdown，它占用的内存最少。生成文件的进程以 %1 结束。</translation>
    </message>
</context>
<context>
    <name>ServerBinding</name>
    <message>
        <source>Answers from {host}</source>
        <translation>由 {host} 作答</translation>
    </message>
    <message>
        <source>Team server…</source>
        <translation>团队服务器…</translation>
    </message>
</context>
<context>
    <name>ServerDialog</name>
    <message>
        <source>Asking {host}…</source>
        <translation>正在询问 {host}…</translation>
    </message>
    <message>
        <source>It answers, but has no model “{name}”.</source>
        <translation>服务器有响应，但没有模型“{name}”。</translation>
    </message>
    <message>
        <source>It works: answered in {ms} ms.</source>
        <translation>连接正常：{ms} 毫秒内响应。</translation>
    </message>
    <message>
        <source>This is a server on this computer: nothing leaves it.</source>
        <translation>这是本机上的服务器：内容不会离开本机。</translation>
    </message>
    <message>
        <source>This connection is not encrypted: others in the network can read along. Better: https.</source>
        <translation>此连接未加密：网络中的其他人可以看到内容。建议使用 https。</translation>
    </message>
    <message>
        <source>Team server</source>
        <translation>团队服务器</translation>
    </message>
    <message>
        <source>A server of your own organisation that runs Fin-R1, such as vLLM. While it is used, your questions, with the conversation before them, leave this computer; the window says so all the time.</source>
        <translation>贵机构自己的服务器，运行 Fin-R1（例如用 vLLM）。使用期间，您的问题连同之前的对话会离开这台电脑；窗口会一直显示这一点。</translation>
    </message>
    <message>
        <source>Address</source>
        <translation>地址</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Key</source>
        <translation>密钥</translation>
    </message>
    <message>
        <source>More headers</source>
        <translation>其他请求头</translation>
    </message>
    <message>
        <source>Wait for a connection (s)</source>
        <translation>连接等待时间（秒）</translation>
    </message>
    <message>
        <source>Wait for text (s)</source>
        <translation>文本等待时间（秒）</translation>
    </message>
    <message>
        <source>Kept in the keychain; may stay empty</source>
        <translation>保存在钥匙串中；可以留空</translation>
    </message>
    <message>
        <source>Name: value, one on each line; rarely needed</source>
        <translation>名称: 值，每行一个；很少需要</translation>
    </message>
    <message>
        <source>Send my questions to this server</source>
        <translation>把我的问题发送到此服务器</translation>
    </message>
    <message>
        <source>Test</source>
        <translation>测试</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
</context>
<context>
    <name>ServerWords</name>
    <message>
        <source>“%1” is no address of a server.</source>
        <translation>“%1”不是服务器地址。</translation>
    </message>
    <message>
        <source>Write it as https://server.example:8000/v1, without user name or key in it.</source>
        <translation>请写成 https://server.example:8000/v1 的形式，不要包含用户名或密钥。</translation>
    </message>
    <message>
        <source>This computer&apos;s policy forbids the server %1.</source>
        <translation>这台电脑的策略禁止使用服务器 %1。</translation>
    </message>
    <message>
        <source>Whoever looks after this computer has decided so in %1.</source>
        <translation>这由电脑的管理者在 %1 中规定。</translation>
    </message>
    <message>
        <source>%1 is no longer the server in use, so nothing was sent to it.</source>
        <translation>%1 已不是当前使用的服务器，因此没有向它发送任何内容。</translation>
    </message>
    <message>
        <source>Ask again: the question goes to where questions go now.</source>
        <translation>请重新提问：问题会发送到现在所用的地方。</translation>
    </message>
    <message>
        <source>The server %1 cannot be reached: %2.</source>
        <translation>无法连接服务器 %1：%2。</translation>
    </message>
    <message>
        <source>Check the address, the network, and that the server runs.</source>
        <translation>请检查地址、网络以及服务器是否在运行。</translation>
    </message>
    <message>
        <source>The certificate of %1 is not to be trusted: %2.</source>
        <translation>%1 的证书不可信：%2。</translation>
    </message>
    <message>
        <source>Nothing was sent. If your company issues its own certificates, have this system trust them.</source>
        <translation>没有发送任何内容。如果公司自行签发证书，请让本系统信任它们。</translation>
    </message>
    <message>
        <source>The server %1 has said nothing for %2 seconds.</source>
        <translation>服务器 %1 已 %2 秒没有响应。</translation>
    </message>
    <message>
        <source>Try again, or allow it more time in the server&apos;s settings.</source>
        <translation>请重试，或在服务器设置中允许更长时间。</translation>
    </message>
    <message>
        <source>The server %1 does not accept the key.</source>
        <translation>服务器 %1 不接受该密钥。</translation>
    </message>
    <message>
        <source>Enter the key again in the server&apos;s settings.</source>
        <translation>请在服务器设置中重新输入密钥。</translation>
    </message>
    <message>
        <source>The server %1 has too much to do.</source>
        <translation>服务器 %1 太忙。</translation>
    </message>
    <message>
        <source>Ask again in a few minutes.</source>
        <translation>请过几分钟再提问。</translation>
    </message>
    <message>
        <source>The server %1 failed (%2): %3.</source>
        <translation>服务器 %1 出错（%2）：%3。</translation>
    </message>
    <message>
        <source>Try again; if it stays so, ask whoever runs the server.</source>
        <translation>请重试；若仍然如此，请联系服务器的管理者。</translation>
    </message>
    <message>
        <source>The server %1 refused the question (%2): %3.</source>
        <translation>服务器 %1 拒绝了该问题（%2）：%3。</translation>
    </message>
    <message>
        <source>A shorter conversation or other sampling may help.</source>
        <translation>缩短对话或更换采样参数可能有用。</translation>
    </message>
    <message>
        <source>The connection to %1 broke off: %2.</source>
        <translation>与 %1 的连接中断：%2。</translation>
    </message>
    <message>
        <source>What had come is kept. “Continue” goes on from there.</source>
        <translation>已收到的内容已保留。“继续”可从此处接着写。</translation>
    </message>
    <message>
        <source>“Test” in the server&apos;s settings lists what it has.</source>
        <translation>服务器设置中的“测试”会列出它提供的模型。</translation>
    </message>
    <message>
        <source>The server %1 serves no model.</source>
        <translation>服务器 %1 没有提供模型。</translation>
    </message>
    <message>
        <source>The server %1 has no model “%2”.</source>
        <translation>服务器 %1 没有模型“%2”。</translation>
    </message>
    <message>
        <source>no reason was given</source>
        <translation>未说明原因</translation>
    </message>
    <message>
        <source>the answer ended in the middle</source>
        <translation>回答中途结束</translation>
    </message>
    <message>
        <source>what came could not be read</source>
        <translation>收到的内容无法读取</translation>
    </message>
    <message>
        <source>No server has been set up.</source>
        <translation>尚未设置服务器。</translation>
    </message>
    <message>
        <source>Set one up in the window: Models, “Team server…”.</source>
        <translation>请在窗口中设置：菜单“模型”→“团队服务器…”。</translation>
    </message>
</context>
<context>
    <name>ServingWords</name>
    <message>
        <source>The local API cannot listen at %1: %2.</source>
        <translation>本地 API 无法在 %1 上监听：%2。</translation>
    </message>
    <message>
        <source>Another program may use this port; choose another one.</source>
        <translation>该端口可能已被其他程序占用，请换一个端口。</translation>
    </message>
    <message>
        <source>At %1 other computers could reach the model with a key that is guessed.</source>
        <translation>在 %1 上，其他计算机只要猜中密钥即可使用模型。</translation>
    </message>
    <message>
        <source>Give a key of 16 characters at least, or none for a random one.</source>
        <translation>请提供至少 16 个字符的密钥；不提供则随机生成。</translation>
    </message>
    <message>
        <source>The local API has ended unexpectedly.</source>
        <translation>本地 API 意外退出。</translation>
    </message>
    <message>
        <source>Try again from its entry in the status bar. The log says more.</source>
        <translation>可在状态栏的 API 菜单中重试。详情见日志。</translation>
    </message>
</context>
<context>
    <name>Settings</name>
    <message>
        <source>Appearance</source>
        <translation>外观</translation>
    </message>
    <message>
        <source>Answers</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Choose for me</source>
        <translation>自动选择</translation>
    </message>
    <message>
        <source>Language</source>
        <translation>语言</translation>
    </message>
    <message>
        <source>As the system</source>
        <translation>跟随系统</translation>
    </message>
    <message>
        <source>Theme</source>
        <translation>主题</translation>
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
        <source>Text size (%)</source>
        <translation>文字大小 (%)</translation>
    </message>
    <message>
        <source>Fold the thinking when the answer begins</source>
        <translation>开始作答时折叠思考过程</translation>
    </message>
    <message>
        <source>Enter sends the question</source>
        <translation>按 Enter 发送问题</translation>
    </message>
    <message>
        <source>When off, Ctrl+Enter sends and Enter starts a new line.</source>
        <translation>关闭时，Ctrl+Enter 发送，Enter 换行。</translation>
    </message>
    <message>
        <source>Notify when an answer is ready in the background</source>
        <translation>后台回答生成后通知我</translation>
    </message>
    <message>
        <source>System prompt of new conversations</source>
        <translation>新对话的系统提示词</translation>
    </message>
    <message>
        <source>Fin-R1 was trained with the official one. Without it, the thinking is often not marked.</source>
        <translation>Fin-R1 是用官方提示词训练的；没有它，思考过程往往不会被标出。</translation>
    </message>
    <message>
        <source>Use the model&apos;s recommended sampling</source>
        <translation>使用模型推荐的采样参数</translation>
    </message>
    <message>
        <source>When off, the values below are used.</source>
        <translation>关闭时，使用下面的值。</translation>
    </message>
    <message>
        <source>Temperature</source>
        <translation>温度</translation>
    </message>
    <message>
        <source>Top-p</source>
        <translation>Top-p</translation>
    </message>
    <message>
        <source>Repetition penalty</source>
        <translation>重复惩罚</translation>
    </message>
    <message>
        <source>Longest answer (tokens, with the thinking)</source>
        <translation>回答的最大长度（词元，含思考）</translation>
    </message>
    <message>
        <source>Longest thinking (tokens)</source>
        <translation>思考的最大长度（词元）</translation>
    </message>
    <message>
        <source>Then the thinking is closed and the answer asked for. 0: no limit.</source>
        <translation>达到后结束思考并要求作答。0：不限制。</translation>
    </message>
    <message>
        <source>No limit</source>
        <translation>不限制</translation>
    </message>
    <message>
        <source>Stop an answer that repeats itself</source>
        <translation>停止陷入重复的回答</translation>
    </message>
    <message>
        <source>The same passage at least three times in a row; thinking is closed first.</source>
        <translation>同一段文字连续出现至少三次；若在思考中，则先结束思考。</translation>
    </message>
    <message>
        <source>Model file</source>
        <translation>模型文件</translation>
    </message>
    <message>
        <source>Empty: a Fin-R1 found on this machine, else the built-in demonstration model.</source>
        <translation>留空：使用本机找到的 Fin-R1，否则使用内置演示模型。</translation>
    </message>
    <message>
        <source>Context (tokens)</source>
        <translation>上下文（词元）</translation>
    </message>
    <message>
        <source>A longer context needs more memory: about 0.9 GB for 16,384 tokens of Fin-R1.</source>
        <translation>上下文越长，所需内存越多：Fin-R1 的 16,384 个词元约需 0.9 GB。</translation>
    </message>
    <message>
        <source>Layers on the GPU</source>
        <translation>GPU 层数</translation>
    </message>
    <message>
        <source>-1: as many as fit.</source>
        <translation>-1：尽可能多。</translation>
    </message>
    <message>
        <source>As many as fit</source>
        <translation>尽可能多</translation>
    </message>
    <message>
        <source>KV cache</source>
        <translation>KV 缓存</translation>
    </message>
    <message>
        <source>8 bits take half the memory. Chosen for you: 16 bits where they fit.</source>
        <translation>8 位只占一半内存。自动选择时，放得下就用 16 位。</translation>
    </message>
    <message>
        <source>16 bits (f16)</source>
        <translation>16 位 (f16)</translation>
    </message>
    <message>
        <source>8 bits (q8_0)</source>
        <translation>8 位 (q8_0)</translation>
    </message>
    <message>
        <source>Flash attention</source>
        <translation>快速注意力（Flash Attention）</translation>
    </message>
    <message>
        <source>Saves memory with long contexts. An 8-bit KV cache needs it.</source>
        <translation>上下文较长时节省内存；8 位 KV 缓存需要它。</translation>
    </message>
    <message>
        <source>On</source>
        <translation>开</translation>
    </message>
    <message>
        <source>Off</source>
        <translation>关</translation>
    </message>
    <message>
        <source>Tokens read at once</source>
        <translation>一次读取的词元数</translation>
    </message>
    <message>
        <source>0: chosen for you. Fewer stop sooner, more need memory.</source>
        <translation>0：自动选择。越少停止得越快，越多占用内存越大。</translation>
    </message>
    <message>
        <source>Processor threads</source>
        <translation>处理器线程数</translation>
    </message>
    <message>
        <source>0: the physical cores.</source>
        <translation>0：物理核心数。</translation>
    </message>
    <message>
        <source>Write repeated text faster</source>
        <translation>加快书写重复的文字</translation>
    </message>
    <message>
        <source>Several tokens at once where an answer repeats what stands above it. The answer is the same.</source>
        <translation>回答重复上文时一次写出多个词元。回答本身不变。</translation>
    </message>
    <message>
        <source>Unload the model after idle minutes</source>
        <translation>空闲多少分钟后卸载模型</translation>
    </message>
    <message>
        <source>Gives its memory back. 0: never.</source>
        <translation>释放其内存。0：从不。</translation>
    </message>
    <message>
        <source>Never</source>
        <translation>从不</translation>
    </message>
    <message>
        <source>Reopen conversations at once</source>
        <translation>立即重新打开对话</translation>
    </message>
    <message>
        <source>What the engine has read of a conversation is kept on disk, encrypted. When off, all of it is deleted.</source>
        <translation>引擎已读取的对话内容会加密保存在磁盘上。关闭后将全部删除。</translation>
    </message>
    <message>
        <source>Disk space for reopening (GiB)</source>
        <translation>重新打开对话所用的磁盘空间（GiB）</translation>
    </message>
    <message>
        <source>When it is used up, the oldest ones go. 1,000 tokens of Fin-R1 take about 0.05 GiB.</source>
        <translation>用完后最早的会被删除。Fin-R1 的 1,000 个词元约占 0.05 GiB。</translation>
    </message>
    <message>
        <source>Further folders with models</source>
        <translation>其他模型文件夹</translation>
    </message>
    <message>
        <source>Searched beside those of other applications. Several: separated as in PATH.</source>
        <translation>与其他应用的文件夹一起查找。多个文件夹的分隔方式与 PATH 相同。</translation>
    </message>
    <message>
        <source>Download models from</source>
        <translation>模型下载来源</translation>
    </message>
    <message>
        <source>Nothing is contacted before you ask for a download.</source>
        <translation>在您要求下载之前，不会连接任何网站。</translation>
    </message>
    <message>
        <source>HF_ENDPOINT, else huggingface.co</source>
        <translation>HF_ENDPOINT，否则 huggingface.co</translation>
    </message>
    <message>
        <source>hf-mirror.com (for China)</source>
        <translation>hf-mirror.com（中国大陆）</translation>
    </message>
    <message>
        <source>Local API</source>
        <translation>本地 API</translation>
    </message>
    <message>
        <source>Let programs on this computer ask the model</source>
        <translation>允许本机程序调用模型</translation>
    </message>
    <message>
        <source>An API like OpenAI&apos;s, for this computer alone and with a key, as long as the window is open. Address and key are in the status bar.</source>
        <translation>与 OpenAI 兼容的 API，仅限本机、凭密钥访问，窗口打开期间有效。地址和密钥见状态栏。</translation>
    </message>
    <message>
        <source>Port</source>
        <translation>端口</translation>
    </message>
    <message>
        <source>Thinking</source>
        <translation>思考</translation>
    </message>
    <message>
        <source>Separate: in reasoning_content, which some programs show by itself.</source>
        <translation>分开：放入 reasoning_content，部分程序会单独显示。</translation>
    </message>
    <message>
        <source>In the text, with its tags</source>
        <translation>在正文中，保留标签</translation>
    </message>
    <message>
        <source>Separate</source>
        <translation>分开</translation>
    </message>
</context>
<context>
    <name>SettingsDialog</name>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Browse…</source>
        <translation>浏览…</translation>
    </message>
    <message>
        <source>Restore defaults</source>
        <translation>恢复默认值</translation>
    </message>
    <message>
        <source>Close</source>
        <translation>关闭</translation>
    </message>
</context>
<context>
    <name>ShortcutsDialog</name>
    <message>
        <source>Keyboard shortcuts</source>
        <translation>键盘快捷键</translation>
    </message>
    <message>
        <source>Send the question</source>
        <translation>发送问题</translation>
    </message>
    <message>
        <source>Enter</source>
        <translation>Enter</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
    <message>
        <source>New line in the question</source>
        <translation>在问题中换行</translation>
    </message>
    <message>
        <source>Shift+Enter</source>
        <translation>Shift+Enter</translation>
    </message>
    <message>
        <source>Rename the conversation in the list</source>
        <translation>重命名列表中的对话</translation>
    </message>
    <message>
        <source>Delete the conversation in the list</source>
        <translation>删除列表中的对话</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Action</source>
        <translation>操作</translation>
    </message>
    <message>
        <source>Keys</source>
        <translation>按键</translation>
    </message>
</context>
<context>
    <name>Sidebar</name>
    <message>
        <source>Nothing found for «{query}»</source>
        <translation>没有找到“{query}”</translation>
    </message>
    <message>
        <source>New conversation</source>
        <translation>新建对话</translation>
    </message>
    <message>
        <source>Start a new conversation (Ctrl+N)</source>
        <translation>新建对话 (Ctrl+N)</translation>
    </message>
    <message>
        <source>Search</source>
        <translation>搜索</translation>
    </message>
    <message>
        <source>Search all conversations</source>
        <translation>搜索所有对话</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Search results</source>
        <translation>搜索结果</translation>
    </message>
    <message>
        <source>Rename</source>
        <translation>重命名</translation>
    </message>
    <message>
        <source>Export…</source>
        <translation>导出…</translation>
    </message>
    <message>
        <source>Delete</source>
        <translation>删除</translation>
    </message>
    <message>
        <source>Search all conversations (Ctrl+Shift+F)</source>
        <translation>搜索所有对话 (Ctrl+Shift+F)</translation>
    </message>
    <message>
        <source>Nothing found for «{query}» within what the search is narrowed to</source>
        <translation>在筛选范围内没有找到“{query}”</translation>
    </message>
    <message>
        <source>New folder</source>
        <translation>新建文件夹</translation>
    </message>
    <message>
        <source>Trash</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Deleted conversations</source>
        <translation>已删除的对话</translation>
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
        <source>Move to</source>
        <translation>移到</translation>
    </message>
    <message>
        <source>Out of the folder</source>
        <translation>移出文件夹</translation>
    </message>
    <message>
        <source>New folder…</source>
        <translation>新建文件夹…</translation>
    </message>
    <message>
        <source>Rename folder</source>
        <translation>重命名文件夹</translation>
    </message>
    <message>
        <source>Delete folder, keep conversations</source>
        <translation>删除文件夹，保留对话</translation>
    </message>
</context>
<context>
    <name>StatusBar</name>
    <message>
        <source>Question: about {tokens} tokens</source>
        <translation>问题：约 {tokens} 个词元</translation>
    </message>
    <message>
        <source>{figure} tokens/s</source>
        <translation>{figure} 词元/秒</translation>
    </message>
    <message>
        <source>Encrypted · key in the keychain</source>
        <translation>已加密 · 密钥在钥匙串中</translation>
    </message>
    <message>
        <source>Encrypted · key in a file on this computer</source>
        <translation>已加密 · 密钥在本机文件中</translation>
    </message>
    <message>
        <source>Conversations could not be opened</source>
        <translation>无法打开对话</translation>
    </message>
    <message>
        <source>Opening conversations…</source>
        <translation>正在打开对话…</translation>
    </message>
    <message>
        <source>The model that answers: choose, load, unload</source>
        <translation>作答的模型：选择、加载、卸载</translation>
    </message>
    <message>
        <source>Loading {name} · {percent}%</source>
        <translation>正在加载 {name} · {percent}%</translation>
    </message>
    <message>
        <source>{name} · not loaded</source>
        <translation>{name} · 未加载</translation>
    </message>
    <message>
        <source>No model</source>
        <translation>没有模型</translation>
    </message>
    <message>
        <source>Model: {state}</source>
        <translation>模型：{state}</translation>
    </message>
    <message>
        <source>Question: {tokens} tokens</source>
        <translation>问题：{tokens} 个词元</translation>
    </message>
</context>
<context>
    <name>TableEditor</name>
    <message>
        <source>Paste cells</source>
        <translation>粘贴单元格</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清空</translation>
    </message>
</context>
<context>
    <name>TaskChangeDialog</name>
    <message>
        <source>A name in braces, such as {company}, becomes a field. A line that begins with {?company} is left out while that field is empty.</source>
        <translation>花括号中的名称（如 {company}）会成为字段。以 {?company} 开头的行在该字段为空时会被省略。</translation>
    </message>
    <message>
        <source>Name</source>
        <translation>名称</translation>
    </message>
    <message>
        <source>Description</source>
        <translation>说明</translation>
    </message>
    <message>
        <source>Prompt</source>
        <translation>提示词</translation>
    </message>
    <message>
        <source>Fields</source>
        <translation>字段</translation>
    </message>
    <message>
        <source>Result</source>
        <translation>结果</translation>
    </message>
    <message>
        <source>Called</source>
        <translation>结果名称</translation>
    </message>
    <message>
        <source>Labels</source>
        <translation>结果标签</translation>
    </message>
    <message>
        <source>Edit task</source>
        <translation>编辑任务</translation>
    </message>
    <message>
        <source>New task</source>
        <translation>新建任务</translation>
    </message>
    <message>
        <source>One on each line: what the answer says = what is shown</source>
        <translation>每行一个：答案中的写法 = 显示的文字</translation>
    </message>
    <message>
        <source>Save</source>
        <translation>保存</translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>is not read back</source>
        <translation>不读取</translation>
    </message>
    <message>
        <source>the final answer as it is</source>
        <translation>原样显示最终答案</translation>
    </message>
    <message>
        <source>one of several labels</source>
        <translation>若干标签之一</translation>
    </message>
    <message>
        <source>a number</source>
        <translation>数字</translation>
    </message>
    <message>
        <source>the letter of an option</source>
        <translation>选项字母</translation>
    </message>
</context>
<context>
    <name>TaskForm</name>
    <message>
        <source>%1 (may be empty)</source>
        <translation>%1（可留空）</translation>
    </message>
</context>
<context>
    <name>TaskList</name>
    <message>
        <source>Search tasks</source>
        <translation>搜索任务</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
</context>
<context>
    <name>Tasks</name>
    <message>
        <source>There is no task “%1”.</source>
        <translation>没有名为“%1”的任务。</translation>
    </message>
    <message>
        <source>“finr1-desk tasks list” shows what there is.</source>
        <translation>“finr1-desk tasks list”会列出全部任务。</translation>
    </message>
    <message>
        <source>The task file %1 cannot be used.</source>
        <translation>任务文件 %1 无法使用。</translation>
    </message>
    <message>
        <source>Mend the file, or remove it; it was left alone.</source>
        <translation>请修正或删除该文件；文件未被改动。</translation>
    </message>
    <message>
        <source>Correct the value and try again.</source>
        <translation>请更正该值后重试。</translation>
    </message>
    <message>
        <source>It is no TOML: %1.</source>
        <translation>它不是有效的 TOML：%1。</translation>
    </message>
    <message>
        <source>Too much stands at “%1”.</source>
        <translation>“%1”处内容过多。</translation>
    </message>
    <message>
        <source>“%1” is missing.</source>
        <translation>缺少“%1”。</translation>
    </message>
    <message>
        <source>Nothing is known by the name “%1”.</source>
        <translation>无法识别“%1”。</translation>
    </message>
    <message>
        <source>“%1” is of the wrong type.</source>
        <translation>“%1”的类型不对。</translation>
    </message>
    <message>
        <source>“%1” cannot be a name.</source>
        <translation>“%1”不能用作名称。</translation>
    </message>
    <message>
        <source>“%1” speaks of a field “%2”, which does not exist.</source>
        <translation>“%1”提到了不存在的字段“%2”。</translation>
    </message>
    <message>
        <source>The field “%1” stands in no prompt.</source>
        <translation>字段“%1”没有出现在任何提示词中。</translation>
    </message>
    <message>
        <source>“%2” stands twice at “%1”.</source>
        <translation>“%2”在“%1”处重复出现。</translation>
    </message>
    <message>
        <source>“%2” is not possible at “%1”.</source>
        <translation>“%1”处不能使用“%2”。</translation>
    </message>
    <message>
        <source>Something has to be entered.</source>
        <translation>此处必须填写。</translation>
    </message>
    <message>
        <source>At most %1 characters.</source>
        <translation>最多 %1 个字符。</translation>
    </message>
    <message>
        <source>This is not a number.</source>
        <translation>这不是数字。</translation>
    </message>
    <message>
        <source>At least %1.</source>
        <translation>不得小于 %1。</translation>
    </message>
    <message>
        <source>At most %1.</source>
        <translation>不得大于 %1。</translation>
    </message>
    <message>
        <source>One of these: %1.</source>
        <translation>只能是以下之一：%1。</translation>
    </message>
    <message>
        <source>At least %1 options.</source>
        <translation>至少需要 %1 个选项。</translation>
    </message>
    <message>
        <source>At most %1 rows.</source>
        <translation>最多 %1 行。</translation>
    </message>
    <message>
        <source>It is out of bounds (%1).</source>
        <translation>超出范围（%1）。</translation>
    </message>
    <message>
        <source>The table %1 cannot be read: %2.</source>
        <translation>无法读取表格 %1：%2。</translation>
    </message>
    <message>
        <source>Save it as CSV (UTF-8) or XLSX, with the headings in the first row.</source>
        <translation>请另存为 CSV（UTF-8）或 XLSX，首行为表头。</translation>
    </message>
    <message>
        <source>No column fills the field “%1”.</source>
        <translation>没有列可填入字段“%1”。</translation>
    </message>
    <message>
        <source>Say which one does: --column %1=COLUMN. There are: %2.</source>
        <translation>请指定列：--column %1=列名。现有列：%2。</translation>
    </message>
    <message>
        <source>The table has no column “%1”.</source>
        <translation>表格中没有“%1”列。</translation>
    </message>
    <message>
        <source>There are: %1.</source>
        <translation>现有列：%1。</translation>
    </message>
    <message>
        <source>nothing stands in it</source>
        <translation>文件中没有内容</translation>
    </message>
    <message>
        <source>there is nothing below the headings</source>
        <translation>表头下没有数据</translation>
    </message>
    <message>
        <source>it is too large</source>
        <translation>文件过大</translation>
    </message>
    <message>
        <source>it is neither UTF-8 nor GB18030</source>
        <translation>编码既不是 UTF-8 也不是 GB18030</translation>
    </message>
    <message>
        <source>it is damaged, or something else than its name says</source>
        <translation>文件已损坏，或内容与扩展名不符</translation>
    </message>
    <message>
        <source>%1 is there already.</source>
        <translation>%1 已存在。</translation>
    </message>
    <message>
        <source>Choose another name, or replace it with --overwrite.</source>
        <translation>请换一个名称，或用 --overwrite 替换。</translation>
    </message>
    <message>
        <source>A run into %1 was not finished.</source>
        <translation>写入 %1 的批量运行尚未完成。</translation>
    </message>
    <message>
        <source>Go on with --resume, or begin anew with --overwrite.</source>
        <translation>用 --resume 继续，或用 --overwrite 重新开始。</translation>
    </message>
    <message>
        <source>The run of %1 cannot go on: %2.</source>
        <translation>%1 的批量运行无法继续：%2。</translation>
    </message>
    <message>
        <source>Undo the change, or begin anew with --overwrite.</source>
        <translation>请撤销更改，或用 --overwrite 重新开始。</translation>
    </message>
    <message>
        <source>Another process is writing %1.</source>
        <translation>另一个进程正在写入 %1。</translation>
    </message>
    <message>
        <source>Wait until it is done, or end it.</source>
        <translation>请等待其完成，或结束该进程。</translation>
    </message>
    <message>
        <source>The journal %1 is damaged at line %2.</source>
        <translation>运行记录 %1 在第 %2 行损坏。</translation>
    </message>
    <message>
        <source>Begin anew with --overwrite; the table with what was done stays until then.</source>
        <translation>请用 --overwrite 重新开始；此前已写出的表格会保留到那时。</translation>
    </message>
    <message>
        <source>the table of inputs has changed</source>
        <translation>输入表格已更改</translation>
    </message>
    <message>
        <source>the task has changed</source>
        <translation>任务已更改</translation>
    </message>
    <message>
        <source>other columns, settings or sampling were chosen</source>
        <translation>选择了不同的列、设置或采样参数</translation>
    </message>
    <message>
        <source>another model was chosen</source>
        <translation>选择了不同的模型</translation>
    </message>
    <message>
        <source>something has changed</source>
        <translation>有内容已更改</translation>
    </message>
    <message>
        <source>less than a minute left</source>
        <translation>剩余不到一分钟</translation>
    </message>
    <message>
        <source>about %1 min left</source>
        <translation>剩余约 %1 分钟</translation>
    </message>
    <message>
        <source>about %1 h left</source>
        <translation>剩余约 %1 小时</translation>
    </message>
    <message>
        <source>The field “%1” cannot be sent:</source>
        <translation>字段“%1”无法发送：</translation>
    </message>
</context>
<context>
    <name>TasksBinding</name>
    <message>
        <source>%1 (copy)</source>
        <translation>%1（副本）</translation>
    </message>
    <message>
        <source>The task was exported.</source>
        <translation>任务已导出。</translation>
    </message>
</context>
<context>
    <name>TasksDialog</name>
    <message>
        <source>Asks in English</source>
        <translation>用英文提问</translation>
    </message>
    <message>
        <source>Asks in Chinese</source>
        <translation>用中文提问</translation>
    </message>
    <message>
        <source>Example %1</source>
        <translation>示例 %1</translation>
    </message>
    <message>
        <source>New task…</source>
        <translation>新建任务…</translation>
    </message>
    <message>
        <source>Duplicate “%1”…</source>
        <translation>复制“%1”…</translation>
    </message>
    <message>
        <source>Export “%1”…</source>
        <translation>导出“%1”…</translation>
    </message>
    <message>
        <source>Edit “%1”…</source>
        <translation>编辑“%1”…</translation>
    </message>
    <message>
        <source>Delete “%1”…</source>
        <translation>删除“%1”…</translation>
    </message>
    <message>
        <source>Import a task…</source>
        <translation>导入任务…</translation>
    </message>
    <message>
        <source>Tasks</source>
        <translation>任务</translation>
    </message>
    <message>
        <source>Own tasks</source>
        <translation>自定义任务</translation>
    </message>
    <message>
        <source>as Fin-R1 learnt it</source>
        <translation>训练原文</translation>
    </message>
    <message>
        <source>The prompt is the one that Fin-R1 was trained on.</source>
        <translation>提示词与 Fin-R1 训练时使用的一致。</translation>
    </message>
    <message>
        <source>Language of the prompt</source>
        <translation>提示词语言</translation>
    </message>
    <message>
        <source>Examples</source>
        <translation>示例</translation>
    </message>
    <message>
        <source>Clear</source>
        <translation>清空</translation>
    </message>
    <message>
        <source>What will be sent</source>
        <translation>将要发送的内容</translation>
    </message>
    <message>
        <source>Show prompt</source>
        <translation>显示提示词</translation>
    </message>
    <message>
        <source>Shows precisely what will be sent</source>
        <translation>逐字显示将要发送的内容</translation>
    </message>
    <message>
        <source>Run over a file…</source>
        <translation>对文件批量运行…</translation>
    </message>
    <message>
        <source>Asks this for every row of a CSV or XLSX file</source>
        <translation>对 CSV 或 XLSX 文件的每一行提问</translation>
    </message>
    <message>
        <source>In a new conversation</source>
        <translation>在新对话中</translation>
    </message>
    <message>
        <source>Send</source>
        <translation>发送</translation>
    </message>
    <message>
        <source>Ctrl+Enter</source>
        <translation>Ctrl+Enter</translation>
    </message>
</context>
<context>
    <name>Terminal</name>
    <message>
        <source>Ask Fin-R1, a financial reasoning model, on your own machine.</source>
        <translation>在您自己的电脑上向金融推理模型 Fin-R1 提问。</translation>
    </message>
    <message>
        <source>Exit status: 0, 1 (could not), 2 (wrong usage), 130 (Ctrl-C), 141 (the reader of a pipe has gone).</source>
        <translation>退出状态：0；1（未能完成）；2（用法错误）；130（Ctrl-C）；141（管道的读取端已关闭）。</translation>
    </message>
    <message>
        <source>print the version and exit</source>
        <translation>显示版本并退出</translation>
    </message>
    <message>
        <source>the folder with conversations and settings (or FINR1_DESK_DATA_DIR)</source>
        <translation>存放对话和设置的文件夹（或 FINR1_DESK_DATA_DIR）</translation>
    </message>
    <message>
        <source>the language of messages</source>
        <translation>消息的语言</translation>
    </message>
    <message>
        <source>open the window (also without any command)</source>
        <translation>打开窗口（不带命令时也是如此）</translation>
    </message>
    <message>
        <source>the GGUF to run; by default a Fin-R1 on this machine, else the built-in model</source>
        <translation>要运行的 GGUF；默认为本机上的 Fin-R1，否则为内置模型</translation>
    </message>
    <message>
        <source>the system prompt</source>
        <translation>系统提示词</translation>
    </message>
    <message>
        <source>no system prompt</source>
        <translation>不用系统提示词</translation>
    </message>
    <message>
        <source>0: the likeliest token</source>
        <translation>0：概率最大的词元</translation>
    </message>
    <message>
        <source>1 switches it off</source>
        <translation>1 表示关闭</translation>
    </message>
    <message>
        <source>the longest answer, with its reasoning</source>
        <translation>回答的最大长度，含推理过程</translation>
    </message>
    <message>
        <source>the longest reasoning; 0: without a limit</source>
        <translation>推理的最大长度；0：不限制</translation>
    </message>
    <message>
        <source>makes the answer repeatable</source>
        <translation>使回答可以重现</translation>
    </message>
    <message>
        <source>print the reasoning as well</source>
        <translation>同时显示推理过程</translation>
    </message>
    <message>
        <source>answer one question</source>
        <translation>回答一个问题</translation>
    </message>
    <message>
        <source>the question; - reads standard input</source>
        <translation>问题；- 表示读取标准输入</translation>
    </message>
    <message>
        <source>write so many answers side by side, give the one that most agree on</source>
        <translation>同时写出这么多个回答，给出多数一致的那一个</translation>
    </message>
    <message>
        <source>print one JSON object</source>
        <translation>输出一个 JSON 对象</translation>
    </message>
    <message>
        <source>keep it as a conversation</source>
        <translation>保存为对话</translation>
    </message>
    <message>
        <source>chat in the terminal</source>
        <translation>在终端中对话</translation>
    </message>
    <message>
        <source>go on with a conversation</source>
        <translation>继续某个对话</translation>
    </message>
    <message>
        <source>list conversations, newest first</source>
        <translation>列出对话，最新的在前</translation>
    </message>
    <message>
        <source>at most so many</source>
        <translation>最多列出多少个</translation>
    </message>
    <message>
        <source>show one conversation</source>
        <translation>显示一个对话</translation>
    </message>
    <message>
        <source>find words in all messages</source>
        <translation>在所有消息中查找</translation>
    </message>
    <message>
        <source>words, in any language</source>
        <translation>任何语言的词语</translation>
    </message>
    <message>
        <source>print JSON</source>
        <translation>输出 JSON</translation>
    </message>
    <message>
        <source>a conversation; the first characters are enough</source>
        <translation>对话；前几个字符即可</translation>
    </message>
    <message>
        <source>every conversation</source>
        <translation>所有对话</translation>
    </message>
    <message>
        <source>the folder to write to</source>
        <translation>要写入的文件夹</translation>
    </message>
    <message>
        <source>also answers that are not shown</source>
        <translation>包括未显示的回答</translation>
    </message>
    <message>
        <source>answer an example question and say how to go on</source>
        <translation>回答一个示例问题并说明如何继续</translation>
    </message>
    <message>
        <source>measure how quick the model runs here, beside llama.cpp alone</source>
        <translation>测量模型在本机的运行速度，并与单独的 llama.cpp 对比</translation>
    </message>
    <message>
        <source>how often each thing is measured (3)</source>
        <translation>每项测量的次数（3）</translation>
    </message>
    <message>
        <source>tokens of the prompt that is read (2048)</source>
        <translation>读取的提示的词元数（2048）</translation>
    </message>
    <message>
        <source>tokens of the answer that is written (128)</source>
        <translation>书写的回答的词元数（128）</translation>
    </message>
    <message>
        <source>tokens of the conversation before a follow-up (4000)</source>
        <translation>追问之前对话的词元数（4000）</translation>
    </message>
    <message>
        <source>only try numbers of threads, and keep the quickest in the settings</source>
        <translation>只尝试不同的线程数，并将最快的保存到设置</translation>
    </message>
    <message>
        <source>check what the application needs</source>
        <translation>检查本应用所需的条件</translation>
    </message>
    <message>
        <source>load models in full again that the engine crashed with</source>
        <translation>对曾使引擎崩溃的模型恢复完整加载</translation>
    </message>
    <message>
        <source>No Fin-R1 was found on this machine; the built-in demonstration model answers.</source>
        <translation>本机上没有找到 Fin-R1，由内置演示模型作答。</translation>
    </message>
    <message>
        <source>The answer was repeating itself and was stopped. A higher --repeat-penalty may help.</source>
        <translation>回答陷入重复，已被停止。提高 --repeat-penalty 可能会有帮助。</translation>
    </message>
    <message>
        <source>The answer was stopped.</source>
        <translation>回答已停止。</translation>
    </message>
    <message>
        <source>Check the free space where it goes.</source>
        <translation>请检查目标位置的剩余空间。</translation>
    </message>
    <message>
        <source>There is no display to open a window on.</source>
        <translation>没有可以打开窗口的显示器。</translation>
    </message>
    <message>
        <source>Use “finr1-desk chat” or “finr1-desk ask”, or set DISPLAY.</source>
        <translation>请使用“finr1-desk chat”或“finr1-desk ask”，或设置 DISPLAY。</translation>
    </message>
    <message>
        <source>Type a question; /help lists the commands.</source>
        <translation>请输入问题；/help 列出命令。</translation>
    </message>
    <message>
        <source>They are not encrypted on the way.</source>
        <translation>传输途中未加密。</translation>
    </message>
    <message>
        <source>A new conversation.</source>
        <translation>新的对话。</translation>
    </message>
    <message>
        <source>The reasoning is shown.</source>
        <translation>显示推理过程。</translation>
    </message>
    <message>
        <source>The reasoning is hidden.</source>
        <translation>隐藏推理过程。</translation>
    </message>
    <message>
        <source>No answer is being written.</source>
        <translation>没有正在生成的回答。</translation>
    </message>
    <message>
        <source>begins a new conversation</source>
        <translation>开始新的对话</translation>
    </message>
    <message>
        <source>stops the answer; so does Ctrl-C</source>
        <translation>停止回答；Ctrl-C 也可以</translation>
    </message>
    <message>
        <source>ends the reasoning and lets it answer now</source>
        <translation>结束推理，立即作答</translation>
    </message>
    <message>
        <source>shows or hides the reasoning</source>
        <translation>显示或隐藏推理过程</translation>
    </message>
    <message>
        <source>writes the conversation as Markdown</source>
        <translation>将对话写成 Markdown</translation>
    </message>
    <message>
        <source>leaves; the conversation is kept</source>
        <translation>离开；对话会保留</translation>
    </message>
    <message>
        <source>\ at the end of a line goes on in the next one; // begins a question with /.</source>
        <translation>行末的 \ 表示下一行继续；// 用于以 / 开头的问题。</translation>
    </message>
    <message>
        <source>There is nothing to save yet.</source>
        <translation>还没有可保存的内容。</translation>
    </message>
    <message>
        <source>There are no conversations yet.</source>
        <translation>还没有对话。</translation>
    </message>
    <message>
        <source>(no title)</source>
        <translation>（无标题）</translation>
    </message>
    <message>
        <source>Answer</source>
        <translation>回答</translation>
    </message>
    <message>
        <source>Nothing was found.</source>
        <translation>没有找到任何内容。</translation>
    </message>
    <message>
        <source>Give more characters of the id.</source>
        <translation>请给出更多的标识字符。</translation>
    </message>
    <message>
        <source>Revenue was 250 million last year and 300 million this year. What is the growth rate of revenue?</source>
        <translation>去年营业收入为250万元，今年为300万元，营业收入增长率是多少？</translation>
    </message>
    <message>
        <source>How to go on:</source>
        <translation>接下来可以：</translation>
    </message>
    <message>
        <source>finr1-desk                opens the window, where there is a display</source>
        <translation>finr1-desk                打开窗口（需有显示器）</translation>
    </message>
    <message>
        <source>finr1-desk chat           chats in a terminal</source>
        <translation>finr1-desk chat           在终端中对话</translation>
    </message>
    <message>
        <source>finr1-desk ask QUESTION   answers one question</source>
        <translation>finr1-desk ask QUESTION   回答一个问题</translation>
    </message>
    <message>
        <source>finr1-desk doctor         checks what the application needs</source>
        <translation>finr1-desk doctor         检查本应用所需的条件</translation>
    </message>
    <message>
        <source>Say what to export: an ID, or --all.</source>
        <translation>请说明要导出什么：一个 ID，或 --all。</translation>
    </message>
    <message>
        <source>“finr1-desk conversations list” shows what there is.</source>
        <translation>用“finr1-desk conversations list”可查看现有对话。</translation>
    </message>
    <message>
        <source>Versions</source>
        <translation>版本</translation>
    </message>
    <message>
        <source>Engine</source>
        <translation>引擎</translation>
    </message>
    <message>
        <source>Data folder</source>
        <translation>数据文件夹</translation>
    </message>
    <message>
        <source>Conversations</source>
        <translation>对话</translation>
    </message>
    <message>
        <source>Keychain</source>
        <translation>钥匙串</translation>
    </message>
    <message>
        <source>Model</source>
        <translation>模型</translation>
    </message>
    <message>
        <source>Plan</source>
        <translation>方案</translation>
    </message>
    <message>
        <source>Context</source>
        <translation>上下文</translation>
    </message>
    <message>
        <source>Loading</source>
        <translation>加载</translation>
    </message>
    <message>
        <source>Memory</source>
        <translation>内存</translation>
    </message>
    <message>
        <source>Best</source>
        <translation>最佳</translation>
    </message>
    <message>
        <source>Settings</source>
        <translation>设置</translation>
    </message>
    <message>
        <source>Chinese fonts</source>
        <translation>中文字体</translation>
    </message>
    <message>
        <source>Display</source>
        <translation>显示器</translation>
    </message>
    <message>
        <source>ok</source>
        <translation>正常</translation>
    </message>
    <message>
        <source>problem</source>
        <translation>有问题</translation>
    </message>
    <message>
        <source>The key of the conversations is in it.</source>
        <translation>对话的密钥存放在其中。</translation>
    </message>
    <message>
        <source>The key of the conversations is in a file that only you can read.</source>
        <translation>对话的密钥存放在只有您能读取的文件中。</translation>
    </message>
    <message>
        <source>With a keychain (a Secret Service such as GNOME Keyring or KWallet) it is safer.</source>
        <translation>使用钥匙串（如 GNOME Keyring 或 KWallet 等 Secret Service）会更安全。</translation>
    </message>
    <message>
        <source>%1: same first choice on %2 % of tokens</source>
        <translation>%1：%2% 的词元首选相同</translation>
    </message>
    <message>
        <source>No model needs it.</source>
        <translation>没有模型需要。</translation>
    </message>
    <message>
        <source>weights not rearranged</source>
        <translation>不重排权重</translation>
    </message>
    <message>
        <source>without the GPU</source>
        <translation>不使用 GPU</translation>
    </message>
    <message>
        <source>To try again in full: finr1-desk doctor --forget-safe-modes</source>
        <translation>恢复完整模式：finr1-desk doctor --forget-safe-modes</translation>
    </message>
    <message>
        <source>Install fonts-noto-cjk (Debian, Ubuntu) or google-noto-sans-cjk-fonts (Fedora).</source>
        <translation>请安装 fonts-noto-cjk（Debian、Ubuntu）或 google-noto-sans-cjk-fonts（Fedora）。</translation>
    </message>
    <message>
        <source>It could not be found out.</source>
        <translation>无法得知。</translation>
    </message>
    <message>
        <source>Safe mode</source>
        <translation>安全模式</translation>
    </message>
    <message>
        <source>There are none.</source>
        <translation>没有。</translation>
    </message>
    <message>
        <source>There is none.</source>
        <translation>没有。</translation>
    </message>
    <message>
        <source>Use “finr1-desk chat” or “finr1-desk ask”.</source>
        <translation>请使用“finr1-desk chat”或“finr1-desk ask”。</translation>
    </message>
    <message>
        <source>The application is open and would keep its own number of threads.</source>
        <translation>应用正在运行，会沿用它自己的线程数。</translation>
    </message>
    <message>
        <source>Close its windows and terminals, then tune again.</source>
        <translation>请关闭它的窗口和终端，然后重新调优。</translation>
    </message>
    <message>
        <source>The application is open; its model stays, and what it does slows this measurement.</source>
        <translation>应用正在运行；它的模型保持不变，但它的工作会使测得的速度偏低。</translation>
    </message>
    <message>
        <source>The answer ended at the limit of %1 tokens.</source>
        <translation>回答在达到 %1 个词元的上限时结束。</translation>
    </message>
    <message>
        <source>Waiting for %1 other answers…</source>
        <translation>前面还有 %1 个回答，等待中…</translation>
    </message>
    <message>
        <source>Loading the model… %1 %</source>
        <translation>正在加载模型… %1 %</translation>
    </message>
    <message>
        <source>Reading the question… %1 %</source>
        <translation>正在读取问题… %1 %</translation>
    </message>
    <message>
        <source>Thinking… %1 tokens</source>
        <translation>正在思考… %1 个词元</translation>
    </message>
    <message>
        <source>Writing… %1 tokens</source>
        <translation>正在书写… %1 个词元</translation>
    </message>
    <message>
        <source>Kept as conversation %1.</source>
        <translation>已保存为对话 %1。</translation>
    </message>
    <message>
        <source>Other programs took %1 % of the processor meanwhile. Ratios hold; the speeds could be higher.</source>
        <translation>测量期间其他程序占用了 %1 % 的处理器。比值仍然有效；速度本可更高。</translation>
    </message>
    <message>
        <source>Measuring: %1 of %2</source>
        <translation>正在测量：第 %1 项，共 %2 项</translation>
    </message>
    <message>
        <source>Measuring with %1 threads</source>
        <translation>正在用 %1 个线程测量</translation>
    </message>
    <message>
        <source>Prompt of %1 tokens</source>
        <translation>%1 个词元的提示</translation>
    </message>
    <message>
        <source>%1 tokens/s, llama.cpp alone %2; ratio %3, of processor time %4</source>
        <translation>%1 词元/秒，单独的 llama.cpp %2；比值 %3，按处理器时间 %4</translation>
    </message>
    <message>
        <source>the engine %1; llama.cpp&apos;s buffers %2; %3 beyond them</source>
        <translation>引擎 %1；llama.cpp 的缓冲区 %2；除此之外 %3</translation>
    </message>
    <message>
        <source>the engine %1; llama.cpp&apos;s buffers %2</source>
        <translation>引擎 %1；llama.cpp 的缓冲区 %2</translation>
    </message>
    <message>
        <source>%1 tokens/s</source>
        <translation>%1 词元/秒</translation>
    </message>
    <message>
        <source>%1 threads are the quickest, and the default.</source>
        <translation>%1 个线程最快，也是默认值。</translation>
    </message>
    <message>
        <source>%1 threads against the default of %2: %3 ×</source>
        <translation>%1 个线程与默认的 %2 个相比：%3 倍</translation>
    </message>
    <message>
        <source>“Processor threads” stays at %1.</source>
        <translation>“处理器线程数”仍为 %1。</translation>
    </message>
    <message>
        <source>“Processor threads” was %1 and is now %2.</source>
        <translation>“处理器线程数”原为 %1，现为 %2。</translation>
    </message>
    <message>
        <source>%1 tokens, KV cache %2; threads %3, for prompts %4</source>
        <translation>%1 个词元，KV 缓存 %2；线程 %3，读取提示 %4</translation>
    </message>
    <message>
        <source>Your questions are sent to %1.</source>
        <translation>您的问题会发送到 %1。</translation>
    </message>
    <message>
        <source>%1 (%2; %3), %4 free</source>
        <translation>%1（%2；%3），剩余 %4</translation>
    </message>
    <message>
        <source>%1 s; %2 s with the start of the engine</source>
        <translation>%1 秒；连同引擎启动 %2 秒</translation>
    </message>
    <message>
        <source>Answer of %1 tokens, likeliest</source>
        <translation>%1 个词元的回答（取最可能的）</translation>
    </message>
    <message>
        <source>Answer of %1 tokens, sampled</source>
        <translation>%1 个词元的回答（采样）</translation>
    </message>
    <message>
        <source>first token after %1 s, reading everything anew %2 s; ratio %3</source>
        <translation>%1 秒后出现第一个词元，全部重新读取则需 %2 秒；比值 %3</translation>
    </message>
    <message>
        <source>Follow-up at %1 tokens</source>
        <translation>%1 个词元处的追问</translation>
    </message>
    <message>
        <source>Follow-up at once at %1 tokens</source>
        <translation>%1 个词元处立即追问</translation>
    </message>
    <message>
        <source>Reopened at %1 tokens</source>
        <translation>%1 个词元处重新打开</translation>
    </message>
    <message>
        <source>Threads: %1</source>
        <translation>线程：%1</translation>
    </message>
    <message>
        <source>%1 tokens · %2 tokens/s</source>
        <translation>%1 个词元 · %2 词元/秒</translation>
    </message>
    <message>
        <source>The model no longer sees the first %1 messages.</source>
        <translation>模型已看不到最前面的 %1 条消息。</translation>
    </message>
    <message>
        <source>There is no command %1; /help lists them.</source>
        <translation>没有命令 %1；输入 /help 可查看全部命令。</translation>
    </message>
    <message>
        <source>“%1” fits %2 conversations.</source>
        <translation>“%1”与 %2 个对话相符。</translation>
    </message>
    <message>
        <source>Question</source>
        <translation>问题</translation>
    </message>
    <message>
        <source>%1 (%2 used, %3 free on the disk)</source>
        <translation>%1（已用 %2，磁盘剩余 %3）</translation>
    </message>
    <message>
        <source>%1 in all, encrypted, schema %2, in %3</source>
        <translation>共 %1 个，已加密，结构版本 %2，位于 %3</translation>
    </message>
    <message>
        <source>No Fin-R1 was found; put its GGUF into the models folder: %1</source>
        <translation>未找到 Fin-R1；请将它的 GGUF 文件放入模型文件夹：%1</translation>
    </message>
    <message>
        <source>The engine crashed with these models and runs them more slowly since: %1</source>
        <translation>引擎曾因这些模型崩溃，此后以较慢的方式运行它们：%1</translation>
    </message>
    <message>
        <source>An example question:</source>
        <translation>示例问题：</translation>
    </message>
    <message>
        <source>%1 of %2 agree.</source>
        <translation>%2 个回答中有 %1 个一致。</translation>
    </message>
    <message>
        <source>Writing %1 answers, %2 done… %3 tokens</source>
        <translation>正在写 %1 个回答，已完成 %2 个… %3 个词元</translation>
    </message>
    <message>
        <source>None of the %1 answers is boxed; the first one is shown.</source>
        <translation>%1 个回答都没有用方框标出最终答案；显示第一个。</translation>
    </message>
    <message>
        <source>Others say: %1</source>
        <translation>其他回答：%1</translation>
    </message>
    <message>
        <source>The output could not be written: %1.</source>
        <translation>无法写入输出：%1。</translation>
    </message>
    <message>
        <source>read conversations, of this and of other applications</source>
        <translation>读取本应用及其他应用的对话</translation>
    </message>
    <message>
        <source>Markdown of this application; ChatGPT, Open WebUI, LM Studio, Jan, GPT4All; archives, folders</source>
        <translation>本应用的 Markdown；ChatGPT、Open WebUI、LM Studio、Jan、GPT4All 的文件；压缩包、文件夹</translation>
    </message>
    <message>
        <source>ask the team server that was set up in the window</source>
        <translation>向窗口中设置的团队服务器提问</translation>
    </message>
    <message>
        <source>The server is busy; asking again in %1 s…</source>
        <translation>服务器正忙，%1 秒后重新提问…</translation>
    </message>
    <message>
        <source>let programs ask the model through an API like OpenAI&apos;s</source>
        <translation>让程序通过与 OpenAI 兼容的 API 调用模型</translation>
    </message>
    <message>
        <source>the address to listen at (127.0.0.1: this computer alone)</source>
        <translation>监听地址（127.0.0.1：仅限本机）</translation>
    </message>
    <message>
        <source>the port to listen at (8000)</source>
        <translation>监听端口（8000）</translation>
    </message>
    <message>
        <source>the key to ask with; else a random one</source>
        <translation>访问密钥；不给则随机生成</translation>
    </message>
    <message>
        <source>another name that programs may call this computer by; several times</source>
        <translation>程序可用来称呼本机的其他名称；可多次给出</translation>
    </message>
    <message>
        <source>what programs call the model</source>
        <translation>程序所用的模型名称</translation>
    </message>
    <message>
        <source>inline: in the text, with its tags; separate: in reasoning_content</source>
        <translation>inline：在正文中，保留标签；separate：放入 reasoning_content</translation>
    </message>
    <message>
        <source>Serving %1 at %2</source>
        <translation>正在 %2 提供 %1 服务</translation>
    </message>
    <message>
        <source>API key: %1</source>
        <translation>API 密钥：%1</translation>
    </message>
    <message>
        <source>Only requests to these names are answered: %1. See --allow-host.</source>
        <translation>只回应发往以下名称的请求：%1。参见 --allow-host。</translation>
    </message>
    <message>
        <source>Other computers can reach it: who has the key can use the model; what is sent is not encrypted.</source>
        <translation>其他计算机可以访问：持有密钥者均可使用模型，且传输内容不加密。</translation>
    </message>
    <message>
        <source>Ctrl-C ends it.</source>
        <translation>按 Ctrl-C 结束。</translation>
    </message>
    <message>
        <source>The model is loaded.</source>
        <translation>模型已加载。</translation>
    </message>
    <message>
        <source>write conversations as Markdown, HTML, PDF or DOCX</source>
        <translation>将对话写成 Markdown、HTML、PDF 或 DOCX</translation>
    </message>
    <message>
        <source>conversations; the first characters are enough</source>
        <translation>对话；写出开头几个字符即可</translation>
    </message>
    <message>
        <source>the kind of file (markdown)</source>
        <translation>文件的种类 (markdown)</translation>
    </message>
    <message>
        <source>leave the reasoning out</source>
        <translation>不包含推理过程</translation>
    </message>
    <message>
        <source>leave out model, time and settings (not from Markdown)</source>
        <translation>不包含模型、时间和设置（Markdown 除外）</translation>
    </message>
    <message>
        <source>sampling as published, as evaluated, or always the likeliest token</source>
        <translation>采样方式：官方发布、评测所用，或始终取最可能的词元</translation>
    </message>
    <message>
        <source>list tasks, or show what one asks for</source>
        <translation>列出任务，或显示某个任务需要的内容</translation>
    </message>
    <message>
        <source>list the tasks</source>
        <translation>列出任务</translation>
    </message>
    <message>
        <source>show one task: fields, prompt, example</source>
        <translation>显示一个任务：字段、提示词、示例</translation>
    </message>
    <message>
        <source>a task, by its id or name</source>
        <translation>任务的标识或名称</translation>
    </message>
    <message>
        <source>run a task over the rows of a table, into another</source>
        <translation>对表格逐行运行任务，并写入另一个表格</translation>
    </message>
    <message>
        <source>a CSV or XLSX file with headings in its first row</source>
        <translation>首行为表头的 CSV 或 XLSX 文件</translation>
    </message>
    <message>
        <source>the .csv or .xlsx file to write</source>
        <translation>要写入的 .csv 或 .xlsx 文件</translation>
    </message>
    <message>
        <source>which column fills a field; by default the one of its name</source>
        <translation>由哪一列填入字段；默认使用同名列</translation>
    </message>
    <message>
        <source>what a field holds in every row</source>
        <translation>字段在每一行中的固定内容</translation>
    </message>
    <message>
        <source>only the first rows</source>
        <translation>仅处理前若干行</translation>
    </message>
    <message>
        <source>go on with a run that was paused or ended</source>
        <translation>继续已暂停或中断的运行</translation>
    </message>
    <message>
        <source>replace the output, and begin anew</source>
        <translation>替换输出并重新开始</translation>
    </message>
    <message>
        <source>print the progress as one JSON object a line</source>
        <translation>以每行一个 JSON 对象的形式输出进度</translation>
    </message>
    <message>
        <source>Paused after %1 of %2 rows; --resume goes on.</source>
        <translation>已完成 %1/%2 行后暂停；用 --resume 继续。</translation>
    </message>
    <message>
        <source>Row %1 of %2</source>
        <translation>第 %1 行，共 %2 行</translation>
    </message>
    <message>
        <source>%1 of %2 rows are done already.</source>
        <translation>%2 行中已有 %1 行完成。</translation>
    </message>
    <message>
        <source>%1 of %2 rows failed; the column “error” says why, --resume tries them again.</source>
        <translation>%2 行中有 %1 行失败；原因见“error”列，用 --resume 重试。</translation>
    </message>
    <message>
        <source>All %1 rows are done.</source>
        <translation>全部 %1 行已完成。</translation>
    </message>
    <message>
        <source>%1 failed</source>
        <translation>%1 行失败</translation>
    </message>
    <message>
        <source>Prompt (%1):</source>
        <translation>提示词（%1）：</translation>
    </message>
    <message>
        <source>Result: %1</source>
        <translation>结果：%1</translation>
    </message>
    <message>
        <source>else %1</source>
        <translation>默认 %1</translation>
    </message>
    <message>
        <source>Fields:</source>
        <translation>字段：</translation>
    </message>
    <message>
        <source>Example:</source>
        <translation>示例：</translation>
    </message>
    <message>
        <source>may be empty</source>
        <translation>可留空</translation>
    </message>
    <message>
        <source>list, show, search and keep conversations in order</source>
        <translation>列出、显示、搜索和整理对话</translation>
    </message>
    <message>
        <source>those in the trash</source>
        <translation>回收站中的对话</translation>
    </message>
    <message>
        <source>list folders</source>
        <translation>列出文件夹</translation>
    </message>
    <message>
        <source>only what lies in this folder</source>
        <translation>仅限此文件夹中的内容</translation>
    </message>
    <message>
        <source>written on this day or later, as 2026-07-01</source>
        <translation>在这一天或之后写的，例如 2026-07-01</translation>
    </message>
    <message>
        <source>written before this day</source>
        <translation>在这一天之前写的</translation>
    </message>
    <message>
        <source>written by the model whose name has this in it</source>
        <translation>由名称中含有此文字的模型所写</translation>
    </message>
    <message>
        <source>only in questions, in answers or in the reasoning</source>
        <translation>仅在问题、回答或推理中</translation>
    </message>
    <message>
        <source>put conversations into a folder</source>
        <translation>将对话放入文件夹</translation>
    </message>
    <message>
        <source>a folder that there is</source>
        <translation>已有的文件夹</translation>
    </message>
    <message>
        <source>out of all folders</source>
        <translation>移出所有文件夹</translation>
    </message>
    <message>
        <source>make the folder if need be</source>
        <translation>需要时新建文件夹</translation>
    </message>
    <message>
        <source>keep conversations at the top of the list</source>
        <translation>将对话置于列表顶部</translation>
    </message>
    <message>
        <source>no longer</source>
        <translation>取消</translation>
    </message>
    <message>
        <source>put conversations into the trash</source>
        <translation>将对话移入回收站</translation>
    </message>
    <message>
        <source>remove what is in the trash already, for ever</source>
        <translation>永久删除已在回收站中的对话</translation>
    </message>
    <message>
        <source>do not ask before that</source>
        <translation>删除前不询问</translation>
    </message>
    <message>
        <source>bring conversations back from the trash</source>
        <translation>从回收站恢复对话</translation>
    </message>
    <message>
        <source>conversations; the first characters of each are enough</source>
        <translation>对话；各给出开头几个字符即可</translation>
    </message>
    <message>
        <source>The trash is empty.</source>
        <translation>回收站是空的。</translation>
    </message>
    <message>
        <source>There is nothing in this folder.</source>
        <translation>此文件夹中没有内容。</translation>
    </message>
    <message>
        <source>pinned</source>
        <translation>已置顶</translation>
    </message>
    <message>
        <source>days left: %1</source>
        <translation>剩余天数：%1</translation>
    </message>
    <message>
        <source>There are no folders yet.</source>
        <translation>还没有文件夹。</translation>
    </message>
    <message>
        <source>What is deleted for good cannot be brought back.</source>
        <translation>永久删除后无法恢复。</translation>
    </message>
    <message>
        <source>Say --yes if that is what you want.</source>
        <translation>如果确实要这样做，请加上 --yes。</translation>
    </message>
    <message>
        <source>Delete for good? Type yes: </source>
        <translation>要永久删除吗？请输入 yes：</translation>
    </message>
</context>
<context>
    <name>TransferBinding</name>
    <message>
        <source>Importing…</source>
        <translation>正在导入…</translation>
    </message>
    <message>
        <source>There is no conversation to export.</source>
        <translation>没有可导出的对话。</translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) exported</source>
        <translation>
            <numerusform>已导出 %n 个对话</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n conversation(s) imported</source>
        <translation>
            <numerusform>已导入 %n 个对话</numerusform>
        </translation>
    </message>
    <message numerus="yes">
        <source>%n not</source>
        <translation>
            <numerusform>%n 个未导入</numerusform>
        </translation>
    </message>
    <message>
        <source>Show list…</source>
        <translation>显示列表…</translation>
    </message>
    <message>
        <source>Exporting…</source>
        <translation>正在导出…</translation>
    </message>
</context>
<context>
    <name>TrashModel</name>
    <message>
        <source>Untitled conversation</source>
        <translation>无标题对话</translation>
    </message>
    <message numerus="yes">
        <source>%n day(s) left</source>
        <translation>
            <numerusform>剩余 %n 天</numerusform>
        </translation>
    </message>
</context>
<context>
    <name>TrashPage</name>
    <message>
        <source>Back to the conversations</source>
        <translation>返回对话列表</translation>
    </message>
    <message>
        <source>Trash</source>
        <translation>回收站</translation>
    </message>
    <message>
        <source>Deleted conversations</source>
        <translation>已删除的对话</translation>
    </message>
    <message>
        <source>Deleted conversations stay here for {days} days.</source>
        <translation>已删除的对话在此保留 {days} 天。</translation>
    </message>
    <message>
        <source>The trash is empty.</source>
        <translation>回收站是空的。</translation>
    </message>
    <message>
        <source>Restore</source>
        <translation>恢复</translation>
    </message>
    <message>
        <source>Delete for good…</source>
        <translation>永久删除…</translation>
    </message>
    <message>
        <source>Empty the trash…</source>
        <translation>清空回收站…</translation>
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
    <name>WritingBinding</name>
    <message>
        <source>Too long by about {over} tokens: the server takes {limit} with all of the conversation. Shorten it, or begin a new conversation.</source>
        <translation>超出约 {over} 个词元：服务器连同整个对话最多接受 {limit} 个词元。请缩短问题，或开始新的对话。</translation>
    </message>
    <message>
        <source>Too long by {over} tokens: the question does not fit into a context of {limit}. Shorten it, or choose a longer context in the settings.</source>
        <translation>超出 {over} 个词元：上下文只有 {limit} 个词元，放不下这个问题。请缩短问题，或在设置中选择更长的上下文。</translation>
    </message>
    <message>
        <source>The context is nearly full: {whole} of {limit} tokens. The model will not see the oldest messages.</source>
        <translation>上下文快满了：{whole} / {limit} 个词元。模型将看不到最早的消息。</translation>
    </message>
</context>
</TS>
