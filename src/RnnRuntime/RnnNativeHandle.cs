namespace RnnRuntime;

/// <summary>
/// A session as native code runs it, on a thread that never enters managed code: <c>Run(Program, input, output, steps)</c>. Immutable; safe to share, but the
/// session behind it is used by one thread at a time, as by its own methods. Valid until the session is disposed.
/// </summary>
/// <param name="Program">The session's program, a <c>rnn_program *</c>.</param>
/// <param name="Run">
/// The address of <c>void rnn_run(rnn_program *program, const void *input, void *output, int32_t steps)</c>, by the C calling convention. Input and output are laid
/// out as for <see cref="RnnSession.Run(ReadOnlySpan{float}, Span{float})"/>, of any number of steps from 1 on.
/// </param>
public readonly record struct RnnNativeHandle(nint Program, nint Run);
