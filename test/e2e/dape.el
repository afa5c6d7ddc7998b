;;; dape.el --- One debugging tour through Emacs's DAP client  -*- lexical-binding: t -*-

;;; Commentary:
;; The environment variable TOUR holds the task as JSON: command (list), attach (object), file, line, expression.
;; What the client saw is printed as one line of JSON after "RESULT ".

;;; Code:

(require 'dape)
(require 'json)

(defvar tour (json-parse-string (getenv "TOUR") :object-type 'plist :array-type 'list))

(setq dape-info-hide-mode-line nil
      dape-inlay-hints nil
      dape-start-hook nil
      dape-stopped-hook nil
      ;; The window layout wants a terminal.
      dape-display-source-buffer-action '((display-buffer-no-window) (allow-no-window . t)))

(defun tour-wait (what condition)
  "Handle input until CONDITION returns non-nil and return that; WHAT names it in the error."
  (let ((end (+ (float-time) 20)) result)
    (while (not (setq result (funcall condition)))
      (when (> (float-time) end) (error "Waited in vain for %s" what))
      (accept-process-output nil 0.05))
    result))

(defun tour-request (conn command arguments)
  "Send COMMAND with ARGUMENTS on CONN and return the body of the answer."
  (let (answered result)
    (dape-request conn command arguments
                  (lambda (body err)
                    (setq answered t)
                    (if err (error "%s: %s" command err) (setq result body))))
    (tour-wait command (lambda () answered))
    result))

(defun tour-stopped-frame (conn line)
  "Wait until CONN is stopped on a LINE other than that, and return the top frame."
  (tour-wait "a stop"
             (lambda ()
               (when-let* (((dape--stopped-threads conn))
                           (frame (dape--current-stack-frame conn))
                           ((not (equal (plist-get frame :line) line))))
                 frame))))

(defun tour-locals (conn frame)
  "Names and values of the first scope of FRAME as an alist."
  (let* ((scopes (plist-get (tour-request conn :scopes (list :frameId (plist-get frame :id))) :scopes))
         (reference (plist-get (aref scopes 0) :variablesReference))
         (body (tour-request conn :variables (list :variablesReference reference))))
    (mapcar (lambda (row) (cons (intern (plist-get row :name)) (plist-get row :value)))
            (plist-get body :variables))))

(defun tour-run ()
  "Attach, stop, look, step and leave; return what was seen."
  (find-file (plist-get tour :file))
  (goto-char (point-min))
  (forward-line (1- (plist-get tour :line)))
  (dape-breakpoint-toggle)
  (dape `(command ,(car (plist-get tour :command))
          command-args ,(cdr (plist-get tour :command))
          command-cwd "/"
          :type "pylatch" :request "attach" ,@(plist-get tour :attach)))
  (let* ((conn (tour-wait "a stopped thread" (lambda () (dape--live-connection 'stopped t))))
         (first (tour-stopped-frame conn nil))
         (locals (tour-locals conn first))
         (answer (tour-request conn :evaluate
                               (list :frameId (plist-get first :id)
                                     :expression (plist-get tour :expression)
                                     :context "repl"))))
    (dape-next conn)
    (let ((second (tour-stopped-frame conn (plist-get first :line))))
      (dape-disconnect-quit conn)
      (tour-wait "the end" (lambda () (not (dape--live-connections))))
      `((line . ,(plist-get first :line))
        (function . ,(plist-get first :name))
        (locals . ,locals)
        (answer . ,(plist-get answer :result))
        (next . ,(plist-get second :line))))))

(princ (concat "RESULT " (json-encode (tour-run)) "\n"))

;;; dape.el ends here
